"""Verifiers say by code whether an answer is right: one class a file, named in YAML by its file."""
