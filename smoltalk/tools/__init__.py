"""What function calling is made of: tools described by JSON schema, calls that fit them, and what calls return."""
