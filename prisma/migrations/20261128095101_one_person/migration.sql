-- What takes two persons asks by one rule whether they are two, for prices and for months: `isSamePerson` in
-- libs/kernel/name.ts. Letter case here is as the locale of the database knows it.
CREATE FUNCTION "same_person"("a" TEXT, "b" TEXT) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT lower(btrim(normalize("a", NFKC), E' \t\r\n')) = lower(btrim(normalize("b", NFKC), E' \t\r\n'))
$$;

CREATE OR REPLACE FUNCTION "check_price_change_decision"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrote TEXT;
BEGIN
    SELECT "author" INTO wrote FROM "price_change" WHERE "id" = NEW."change_id";
    IF NEW."outcome" = 'approved' AND "same_person"(NEW."actor", wrote) AND NOT NEW."single_person" THEN
        RAISE EXCEPTION 'price change % was written by %, who cannot approve it as well', NEW."change_id", wrote
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Not asked of months that are closed already: they stay as they are.
ALTER TABLE "accounting_period"
    DROP CONSTRAINT "accounting_period_two_persons",
    ADD CONSTRAINT "accounting_period_two_persons" CHECK ("status" <> 'closed' OR "single_person"
        OR NOT "same_person"("approved_by", "closed_by")) NOT VALID;
