"""The door to Argilla: the REST API (version 1) of any 2.x server, not the SDK, which turns rankings around."""
