"""Trains nano and its reward model from nothing, and measures them."""
