"""Makes models: the one that ships in the package, from random weights."""
