"""Engines, one a file: named models that complete text or score it."""
