"""The API, version 1: read only, by token or session, described by OpenAPI 3.1."""
