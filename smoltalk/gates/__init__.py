"""Gates: each file is one reason to keep a row or not. The YAML name is the file's name."""
