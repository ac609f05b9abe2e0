-- What the bytes of a closed month are made of is kept at its close, by the close itself, and a month that is closed for the
-- house takes no tenant that came later; see docs/adr/088-a-close-freezes-the-month.md. Releases before this one read
-- "period_directory" as they did; they find every closed month in it.

-- The company as the papers of a month name it: as it was when the first tenant's month closed.
CREATE TABLE "period_company" (
    "period" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "billing_account_id" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "frozen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "period_company_pkey" PRIMARY KEY ("period")
);

-- The same shape as `TenantDirectory` in libs/reporting/core/directory.ts.
CREATE FUNCTION "freeze_month"("tenant" TEXT, "month" TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "period_company" ("period", "name", "billing_account_id", "time_zone")
    SELECT "month", "name", "billing_account_id", "time_zone" FROM "company" ON CONFLICT DO NOTHING;
    INSERT INTO "period_directory" ("tenant_id", "period", "directory")
    SELECT "tenant", "month", jsonb_build_object(
        'slug', coalesce((SELECT t."slug" FROM "tenant" t WHERE t."id" = "tenant"), "tenant"),
        'name', coalesce((SELECT t."name" FROM "tenant" t WHERE t."id" = "tenant"), "tenant"),
        'keys', (SELECT coalesce(jsonb_object_agg(k."id", k."name"), '{}') FROM "api_key" k WHERE k."tenant_id" = "tenant"),
        'costCentres', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('code', c."code", 'name', c."name", 'owner', c."owner",
                                                         'glAccount', c."gl_account") ORDER BY c."code"), '[]')
              FROM "cost_centre" c
             WHERE EXISTS (SELECT FROM "cost_centre_assignment" a WHERE a."tenant_id" = "tenant" AND a."code" = c."code")),
        'assignments', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('keyId', a."key_id", 'code', a."code",
                                                         'effectiveFrom', a."effective_from"::text)
                                      ORDER BY a."effective_from", a."id"), '[]')
              FROM "cost_centre_assignment" a WHERE a."tenant_id" = "tenant"))
        ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION "freeze_closed_period"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM "freeze_month"(NEW."tenant_id", NEW."period");
    RETURN NULL;
END
$$;
CREATE TRIGGER "accounting_period_freeze" AFTER UPDATE ON "accounting_period" FOR EACH ROW
    WHEN (OLD."status" <> 'closed' AND NEW."status" = 'closed') EXECUTE FUNCTION "freeze_closed_period"();

-- Months that closed before this: as things are called now, which is what their next export would have said.
SELECT "freeze_month"("tenant_id", "period") FROM "accounting_period" WHERE "status" = 'closed' ORDER BY "period", "tenant_id";

CREATE TRIGGER "period_company_append_only" BEFORE UPDATE OR DELETE ON "period_company"
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER "period_company_keep" BEFORE TRUNCATE ON "period_company"
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whether a month of a tenant that has no row takes no booking any more: a later one of its own is closed; or this or a later
-- one of somebody else is, and the tenant came after the month.
CREATE FUNCTION "is_month_passed"("tenant" TEXT, "month" TEXT) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM "accounting_period" p
                      WHERE p."tenant_id" = "tenant" AND p."period" > "month" AND p."status" = 'closed') THEN true
        WHEN EXISTS (SELECT FROM "tenant" t CROSS JOIN "company" c WHERE t."id" = "tenant" AND t."created_at"
                          < (("month" || '-01')::date + interval '1 month') AT TIME ZONE c."time_zone") THEN false
        ELSE EXISTS (SELECT FROM "accounting_period" p WHERE p."period" >= "month" AND p."status" = 'closed')
    END
$$;

-- Held in share by who opens a month for a tenant, alone by who closes it for one, until the commit: so a close is seen by
-- whoever opens the month after it, and sees who opened it before. The first number is like no other lock here.
CREATE FUNCTION "hold_month"("month" TEXT, "alone" BOOLEAN) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF "alone" THEN
        PERFORM pg_advisory_xact_lock(7263403, replace("month", '-', '')::int);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(7263403, replace("month", '-', '')::int);
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
    END IF;
    RETURN NEW;
END
$$;

-- Why something was used is in the files of usage, and its tier decides its price: with the rest of what was billed, they stay.
DROP TRIGGER "usage_event_immutable" ON "usage_event";
CREATE TRIGGER "usage_event_immutable" BEFORE UPDATE OF "id", "version", "kind", "session_id", "tenant_id", "key_id",
    "pool_id", "replica_id", "vendor", "vendor_object_id", "model", "status", "occurred_at", "quantities", "evidence",
    "vendor_usage", "problem", "journalled_at", "fact_id", "estimate", "caused_by", "service_tier" ON "usage_event"
    FOR EACH ROW WHEN (OLD."rating_state" IN ('rated', 'superseded')) EXECUTE FUNCTION "usage_event_refuse_change"();
