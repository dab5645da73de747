"""Calls to the Hugging Face Hub: which failures pass, and what to tell who reads of the rest."""
