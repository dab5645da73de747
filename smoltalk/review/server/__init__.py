"""A real Argilla server on this machine, with nothing beside it: no Elasticsearch, no Redis, no containers."""
