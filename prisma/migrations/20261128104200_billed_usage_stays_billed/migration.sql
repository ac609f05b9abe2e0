-- That usage was billed is what keeps its row as it was: so it stays billed. Of what is in the books only an estimate goes on,
-- when its report came, and what gave way to a report stays so. An event cannot be taken out of the books by its state and
-- deleted then.
CREATE FUNCTION "usage_event_refuse_return"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'usage event % was billed and is immutable: it cannot go from % to %. Correct it by bookings.', OLD."id", OLD."rating_state", NEW."rating_state"
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "usage_event_stays_billed" BEFORE UPDATE OF "rating_state" ON "usage_event"
    FOR EACH ROW WHEN (OLD."rating_state" = 'superseded' AND NEW."rating_state" <> 'superseded'
        OR OLD."rating_state" = 'rated' AND NEW."rating_state" NOT IN ('rated', 'superseded'))
    EXECUTE FUNCTION "usage_event_refuse_return"();

-- What this release and the one before it change of an event, and nothing else. Neither ever deletes one.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
        REVOKE UPDATE, DELETE ON "usage_event" FROM "trunkline_app";
        GRANT UPDATE ("rating_state", "problem") ON "usage_event" TO "trunkline_app";
    END IF;
END
$$;
