-- A month without a row, before a month that is closed, is as good as closed: nobody opens it any more.
CREATE OR REPLACE FUNCTION "guard_accounting_period"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW."status" <> 'open' THEN
            RAISE EXCEPTION 'The period % of tenant % has to begin open.', NEW."period", NEW."tenant_id" USING ERRCODE = 'restrict_violation';
        END IF;
        IF EXISTS (SELECT FROM "accounting_period" WHERE "tenant_id" = NEW."tenant_id" AND "period" > NEW."period" AND "status" = 'closed')
            AND NOT EXISTS (SELECT FROM "accounting_period" WHERE "tenant_id" = NEW."tenant_id" AND "period" = NEW."period") THEN
            RAISE EXCEPTION 'The period % of tenant % is before a closed one: nothing is booked in it any more. Book in the next open period.', NEW."period", NEW."tenant_id"
                USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF OLD."status" = 'closed' THEN
        RAISE EXCEPTION 'The period % of tenant % is closed and stays so. Correct it by bookings in the next open period.', OLD."period", OLD."tenant_id"
            USING ERRCODE = 'restrict_violation';
    ELSIF NEW."tenant_id" <> OLD."tenant_id" OR NEW."period" <> OLD."period"
        OR (OLD."status" = 'open' AND NEW."status" = 'closed') OR (OLD."status" = 'soft_closed' AND NEW."status" = 'open') THEN
        RAISE EXCEPTION 'The period % of tenant % goes from open to soft-closed to closed, not from % to %.', OLD."period", OLD."tenant_id", OLD."status", NEW."status"
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
