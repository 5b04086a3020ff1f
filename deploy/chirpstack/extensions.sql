-- What ChirpStack's migrations expect to find; run once, when the database is first made.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS hstore;
