"""Runs inside the server's own environment, which has Argilla and not this package: `python -m embedded`.

argilla-server 2.8.0 wants a search engine and Redis. It keeps every record, answer and suggestion in SQL, and the
search engine only has a copy, so here the database answers itself; jobs run in the server's own event loop.
"""
