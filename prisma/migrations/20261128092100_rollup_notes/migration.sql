-- The tables of the next migration are not known to workers of earlier releases: one of these that summed up an hour would
-- leave them behind for ever. So the notes of what is due go by another name, and under the old one there is nothing: an
-- earlier worker finds no work and leaves all of it to a later one. The lock waits for a pass that is under way.
ALTER TABLE "rollup_due" RENAME TO "rollup_note";
CREATE VIEW "rollup_due" AS SELECT "id", "tenant_id", "hour" FROM "rollup_note" WHERE false;

CREATE OR REPLACE FUNCTION "note_rollup_due"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "rollup_note" ("tenant_id", "hour")
    SELECT DISTINCT "tenant_id", date_trunc('hour', "occurred_at", 'UTC') FROM "added";
    RETURN NULL;
END
$$;
