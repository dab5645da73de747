"""Nano: a tiny chat model with the curriculum it was trained on, which can also judge its answers."""
