"""Steps write columns: one class a file, named in YAML by its file."""
