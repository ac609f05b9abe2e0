-- What has been billed is what exports of usage and the vendor's reconciliation are made of: like its columns, its row stays.
-- What was not billed yet may be removed by a repair by hand.
CREATE TRIGGER "usage_event_kept" BEFORE DELETE ON "usage_event"
    FOR EACH ROW WHEN (OLD."rating_state" IN ('rated', 'superseded')) EXECUTE FUNCTION "usage_event_refuse_change"();

CREATE FUNCTION "usage_event_refuse_truncate"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM "usage_event" WHERE "rating_state" IN ('rated', 'superseded')) THEN
        RAISE EXCEPTION 'usage events that were billed are immutable' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "usage_event_kept_whole" BEFORE TRUNCATE ON "usage_event"
    FOR EACH STATEMENT EXECUTE FUNCTION "usage_event_refuse_truncate"();
