-- A close keeps by name what else its papers show: which runs of reconciliation there were, and what each cost centre was
-- called; see docs/adr/091-a-close-keeps-what-it-shows.md. The release before this one goes on by dates, and closes leave
-- both behind whoever makes them.

-- The runs that a close of the month found. One that is stored later, whenever it began, is in no paper of the month.
CREATE TABLE "period_reconciliation" (
    "period" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,

    CONSTRAINT "period_reconciliation_pkey" PRIMARY KEY ("period", "run_id"),
    CONSTRAINT "period_reconciliation_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "reconciliation_run"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- All cost centres, also those that nobody was assigned to: a paper of one without charges is a paper too.
CREATE TABLE "period_cost_centre" (
    "period" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "gl_account" TEXT NOT NULL,

    CONSTRAINT "period_cost_centre_pkey" PRIMARY KEY ("period", "code")
);

-- Months that closed before this: by date, as their workbooks said until now.
INSERT INTO "period_reconciliation" ("period", "run_id")
SELECT m."period", r."id"
  FROM (SELECT p."period", max(p."closed_at") AS "closed_at", c."time_zone"
          FROM "accounting_period" p JOIN "period_company" c ON c."period" = p."period"
         WHERE p."status" = 'closed' GROUP BY p."period", c."time_zone") m
  JOIN "reconciliation_run" r
    ON r."ran_at" <= m."closed_at"
   AND r."day" >= (((m."period" || '-01')::timestamp AT TIME ZONE m."time_zone") AT TIME ZONE 'UTC')::date
   AND r."day" < ((((m."period" || '-01')::timestamp + interval '1 month') AT TIME ZONE m."time_zone") AT TIME ZONE 'UTC')::date;

INSERT INTO "period_cost_centre" ("period", "code", "name", "owner", "gl_account")
SELECT p."period", c."code", c."name", c."owner", c."gl_account" FROM "period_company" p CROSS JOIN "cost_centre" c;

-- Each close adds what the closes of the month before it did not find; what they found stays as they found it.
CREATE OR REPLACE FUNCTION "freeze_closed_period"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM "freeze_month"(NEW."tenant_id", NEW."period");
    INSERT INTO "period_reconciliation" ("period", "run_id")
    SELECT NEW."period", "id" FROM "reconciliation_run"
     WHERE "day" >= (NEW."period" || '-01')::date AND "day" < (NEW."period" || '-01')::date + interval '1 month'
        ON CONFLICT DO NOTHING;
    INSERT INTO "period_cost_centre" ("period", "code", "name", "owner", "gl_account")
    SELECT NEW."period", "code", "name", "owner", "gl_account" FROM "cost_centre" ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

DO $$
DECLARE kept TEXT;
BEGIN
    FOREACH kept IN ARRAY ARRAY['period_reconciliation', 'period_cost_centre'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_append_only', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept || '_keep', kept);
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
            EXECUTE format('REVOKE UPDATE, DELETE ON %I FROM trunkline_app', kept);
        END IF;
    END LOOP;
END
$$;
