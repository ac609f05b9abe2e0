-- A month that is closed stays behind no month that is open. Who opens a month for a tenant and who closes a later one each
-- looked before the other had committed: the first booking of June, made beside the close of July, opened June behind it, and
-- what July's papers say of prepaid money before the month was not true any more.

-- Held in share by who opens a month of a tenant, alone by who closes one, until the commit. The first number is like no other
-- lock here. After "hold_month", always.
CREATE FUNCTION "hold_months_of"("tenant" TEXT, "alone" BOOLEAN) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF "alone" THEN
        PERFORM pg_advisory_xact_lock(7263404, hashtext("tenant"));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(7263404, hashtext("tenant"));
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION "guard_accounting_period"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW."status" <> 'open' THEN
            RAISE EXCEPTION 'The period % of tenant % has to begin open.', NEW."period", NEW."tenant_id" USING ERRCODE = 'restrict_violation';
        END IF;
        -- Looked at first: each statement that books comes by here, and nearly all find the row.
        IF NOT EXISTS (SELECT FROM "accounting_period" WHERE "tenant_id" = NEW."tenant_id" AND "period" = NEW."period") THEN
            PERFORM "hold_month"(NEW."period", false);
            PERFORM "hold_months_of"(NEW."tenant_id", false);
            IF "is_month_passed"(NEW."tenant_id", NEW."period") THEN
                RAISE EXCEPTION 'The period % of tenant % is over: it, or one after it, is closed. Nothing is booked in it any more. Book in the next open period.', NEW."period", NEW."tenant_id"
                    USING ERRCODE = 'restrict_violation';
            END IF;
        END IF;
    ELSIF OLD."status" = 'closed' THEN
        RAISE EXCEPTION 'The period % of tenant % is closed and stays so. Correct it by bookings in the next open period.', OLD."period", OLD."tenant_id"
            USING ERRCODE = 'restrict_violation';
    ELSIF NEW."tenant_id" <> OLD."tenant_id" OR NEW."period" <> OLD."period"
        OR (OLD."status" = 'open' AND NEW."status" = 'closed') OR (OLD."status" = 'soft_closed' AND NEW."status" = 'open') THEN
        RAISE EXCEPTION 'The period % of tenant % goes from open to soft-closed to closed, not from % to %.', OLD."period", OLD."tenant_id", OLD."status", NEW."status"
            USING ERRCODE = 'restrict_violation';
    ELSIF NEW."status" = 'closed' THEN
        PERFORM "hold_month"(NEW."period", true);
        PERFORM "hold_months_of"(NEW."tenant_id", true);
        -- As a lost race, so that the close is tried again and its checklist names the month.
        IF EXISTS (SELECT FROM "accounting_period" p WHERE p."tenant_id" = NEW."tenant_id"
                      AND p."period" < NEW."period" AND p."status" <> 'closed') THEN
            RAISE EXCEPTION 'An earlier month of tenant % was opened while % was closed: try again.', NEW."tenant_id", NEW."period"
                USING ERRCODE = 'serialization_failure';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
