"""Executes a pipeline, writes everything down, and continues after anything."""
