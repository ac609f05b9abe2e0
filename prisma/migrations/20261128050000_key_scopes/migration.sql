-- What a key may be used for. Keys so far open sessions, and so do those that older code still makes.
ALTER TABLE "api_key"
    ADD COLUMN "scopes" TEXT[] NOT NULL DEFAULT ARRAY['sessions'],
    ADD CONSTRAINT "api_key_scopes_known"
        CHECK (cardinality("scopes") > 0 AND "scopes" <@ ARRAY['sessions', 'usage:read']);
