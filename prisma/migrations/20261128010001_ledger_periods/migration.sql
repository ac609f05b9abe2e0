-- Kinds of booking, periods that close, and the hash chain; see prisma/schema/money.prisma and periods.prisma.
-- A worker of the release before can read all of this. It cannot post any more (its rows have no place in the chain):
-- its batches fail as a whole, and the usage waits in the journal for a worker of this release.

-- One row: the company whose books these are. Months begin and end in its time zone.
CREATE TABLE "company" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "name" TEXT NOT NULL,
    "billing_account_id" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "grace_days" INTEGER NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "company_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "company_one" CHECK ("id" = 1),
    CONSTRAINT "company_grace_real" CHECK ("grace_days" BETWEEN 0 AND 60)
);
INSERT INTO "company" ("name", "billing_account_id", "time_zone", "grace_days") VALUES ('Trunkline', 'trunkline', 'UTC', 5);

-- A month of a tenant. No row: open, and nothing was ever booked in it.
CREATE TABLE "accounting_period" (
    "tenant_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'open',
    "soft_closed_at" TIMESTAMPTZ(3),
    "soft_closed_by" TEXT,
    "close_requested_at" TIMESTAMPTZ(3),
    "close_requested_by" TEXT,
    "closed_at" TIMESTAMPTZ(3),
    "closed_by" TEXT,
    "approved_by" TEXT,
    "single_person" BOOLEAN NOT NULL DEFAULT false,
    "chain_sequence" BIGINT,
    "chain_head" TEXT,
    "totals" JSONB,
    "checklist" JSONB,

    CONSTRAINT "accounting_period_pkey" PRIMARY KEY ("tenant_id", "period"),
    CONSTRAINT "accounting_period_shape" CHECK ("period" ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    CONSTRAINT "accounting_period_status_known" CHECK ("status" IN ('open', 'soft_closed', 'closed')),
    CONSTRAINT "accounting_period_closed_whole" CHECK ("status" <> 'closed' OR ("closed_at" IS NOT NULL
        AND "closed_by" IS NOT NULL AND "approved_by" IS NOT NULL AND "chain_sequence" IS NOT NULL
        AND "chain_head" IS NOT NULL AND "totals" IS NOT NULL AND "checklist" IS NOT NULL)),
    CONSTRAINT "accounting_period_two_persons" CHECK ("status" <> 'closed' OR "single_person"
        OR lower("approved_by") <> lower("closed_by"))
);
CREATE INDEX "accounting_period_period" ON "accounting_period"("period");

-- What a close asks for, where the books cannot say it themselves (reconciled), and what was waived. The newest row of
-- (tenant, period, check) counts; rows are only added.
CREATE TABLE "period_check" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "tenant_id" TEXT,
    "period" TEXT NOT NULL,
    "check_name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "count" BIGINT,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "period_check_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "period_check_shape" CHECK ("period" ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    CONSTRAINT "period_check_state_known" CHECK ("state" IN ('ok', 'waived', 'missing')),
    CONSTRAINT "period_check_said_by_somebody" CHECK (btrim("actor") <> '' AND btrim("reason") <> '')
);
CREATE INDEX "period_check_of_period" ON "period_check"("period", "check_name", "id");

-- Usage whose date cannot be believed, released by a person: at its word, or at the date that they say.
CREATE TABLE "usage_release" (
    "usage_event_id" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3),
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "released_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_release_pkey" PRIMARY KEY ("usage_event_id"),
    CONSTRAINT "usage_release_said_by_somebody" CHECK (btrim("actor") <> '' AND btrim("reason") <> '')
);

-- The last link of each chain. Whoever books in (tenant, period) holds this row until the commit.
CREATE TABLE "ledger_chain" (
    "tenant_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "hash" TEXT NOT NULL DEFAULT repeat('0', 64),

    CONSTRAINT "ledger_chain_pkey" PRIMARY KEY ("tenant_id", "period"),
    CONSTRAINT "ledger_chain_hash_shape" CHECK ("hash" ~ '^[0-9a-f]{64}$')
);

ALTER TABLE "ledger_account" DROP CONSTRAINT "ledger_account_kind_known", ADD CONSTRAINT "ledger_account_kind_known"
    CHECK ("kind" IN ('receivable', 'revenue', 'cost_of_sales', 'provider_payable', 'cash', 'prepaid', 'credit_expense'));

ALTER TABLE "ledger_transaction"
    ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'usage',
    ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "corrects_id" TEXT,
    ADD COLUMN "reason" TEXT,
    ADD COLUMN "actor" TEXT,
    ADD COLUMN "usage_period" TEXT,
    ADD COLUMN "chain_sequence" BIGINT,
    ADD COLUMN "chain_hash" TEXT,
    ALTER COLUMN "usage_event_id" DROP NOT NULL,
    ALTER COLUMN "session_id" DROP NOT NULL,
    ALTER COLUMN "key_id" DROP NOT NULL,
    ALTER COLUMN "pool_id" DROP NOT NULL,
    ALTER COLUMN "model" DROP NOT NULL,
    ALTER COLUMN "evidence" DROP NOT NULL,
    DROP CONSTRAINT "ledger_transaction_purpose_known",
    ADD CONSTRAINT "ledger_transaction_purpose_known" CHECK ("purpose" IN ('provider_cost', 'tenant_charge', 'prepayment'));

-- What is in the books so far gets its chain, in the order in which it was posted. The text of a row is that of
-- libs/ledger/core/chain.ts; a spec holds the two together.
DO $$
DECLARE
    "row" RECORD;
    "previous" TEXT;
    "chain" TEXT := '';
    "text" TEXT;
BEGIN
    CREATE FUNCTION pg_temp.part(value TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS
        'SELECT coalesce(octet_length(value) || '':'' || value, ''-'')';
    ALTER TABLE "ledger_transaction" DISABLE TRIGGER "ledger_transaction_append_only";
    FOR "row" IN
        SELECT t.*, row_number() OVER (PARTITION BY t."tenant_id", t."period" ORDER BY t."posted_at", t."id") AS "place"
          FROM "ledger_transaction" AS t ORDER BY t."tenant_id", t."period", t."posted_at", t."id"
    LOOP
        IF "chain" <> "row"."tenant_id" || "row"."period" THEN
            "chain" := "row"."tenant_id" || "row"."period";
            "previous" := repeat('0', 64);
        END IF;
        SELECT string_agg(pg_temp.part("value"), '' ORDER BY "n") INTO "text" FROM unnest(ARRAY[
            'trunkline-ledger-1', "row"."tenant_id", "row"."period", "row"."place"::text, "row"."id", 'usage', '0',
            "row"."purpose", "row"."usage_event_id", NULL, "row"."session_id", "row"."key_id", "row"."pool_id",
            "row"."model", "row"."evidence", (extract(epoch FROM "row"."occurred_at") * 1000)::bigint::text, "row"."period",
            "row"."currency", trim_scale("row"."total")::text, NULL, NULL,
            (extract(epoch FROM "row"."posted_at") * 1000)::bigint::text]) WITH ORDINALITY AS p("value", "n");
        "text" := "text"
            || (SELECT count(*) || 'e' || coalesce(string_agg(pg_temp.part("account_id") || pg_temp.part(trim_scale("amount")::text), ''
                       ORDER BY "account_id" COLLATE "C"), '') FROM "ledger_entry" WHERE "transaction_id" = "row"."id")
            || (SELECT count(*) || 'l' || coalesce(string_agg(pg_temp.part("meter") || pg_temp.part(trim_scale("quantity")::text)
                       || pg_temp.part("price_version_id") || pg_temp.part(trim_scale("amount")::text), ''
                       ORDER BY "meter" COLLATE "C"), '') FROM "charge_line" WHERE "transaction_id" = "row"."id");
        "previous" := encode(sha256(convert_to("previous" || "text", 'UTF8')), 'hex');
        UPDATE "ledger_transaction" SET "usage_period" = "period", "chain_sequence" = "row"."place", "chain_hash" = "previous"
         WHERE "id" = "row"."id";
        INSERT INTO "ledger_chain" VALUES ("row"."tenant_id", "row"."period", "row"."place", "previous")
            ON CONFLICT ("tenant_id", "period") DO UPDATE SET "sequence" = EXCLUDED."sequence", "hash" = EXCLUDED."hash";
    END LOOP;
    ALTER TABLE "ledger_transaction" ENABLE TRIGGER "ledger_transaction_append_only";
END
$$;
INSERT INTO "accounting_period" ("tenant_id", "period") SELECT "tenant_id", "period" FROM "ledger_chain";

ALTER TABLE "ledger_transaction"
    ALTER COLUMN "usage_period" SET NOT NULL,
    ALTER COLUMN "chain_sequence" SET NOT NULL,
    ALTER COLUMN "chain_hash" SET NOT NULL,
    ADD CONSTRAINT "ledger_transaction_kind_known" CHECK ("kind" IN ('usage', 'reversal', 'adjustment', 'credit', 'prepayment')),
    ADD CONSTRAINT "ledger_transaction_usage_period_shape" CHECK ("usage_period" ~ '^\d{4}-\d{2}$'),
    ADD CONSTRAINT "ledger_transaction_booked_forward" CHECK ("usage_period" <= "period"),
    ADD CONSTRAINT "ledger_transaction_revision_real" CHECK ("revision" >= 0),
    ADD CONSTRAINT "ledger_transaction_metered_whole" CHECK (("usage_event_id" IS NULL) = ("session_id" IS NULL)
        AND ("usage_event_id" IS NULL) = ("key_id" IS NULL) AND ("usage_event_id" IS NULL) = ("pool_id" IS NULL)
        AND ("usage_event_id" IS NULL) = ("model" IS NULL) AND ("usage_event_id" IS NULL) = ("evidence" IS NULL)),
    ADD CONSTRAINT "ledger_transaction_usage_is_metered" CHECK ("kind" <> 'usage' OR "usage_event_id" IS NOT NULL),
    ADD CONSTRAINT "ledger_transaction_manual_is_not" CHECK ("kind" IN ('usage', 'reversal') OR "usage_event_id" IS NULL),
    ADD CONSTRAINT "ledger_transaction_reversal_of_one" CHECK ("kind" <> 'reversal' OR "corrects_id" IS NOT NULL),
    -- What a person or a correction books says who and why; usage as it was first rated needs neither.
    ADD CONSTRAINT "ledger_transaction_said_by_somebody" CHECK (("kind" = 'usage' AND "revision" = 0)
        OR (coalesce(btrim("actor"), '') <> '' AND coalesce(btrim("reason"), '') <> ''));
DROP INDEX "ledger_transaction_once";
CREATE UNIQUE INDEX "ledger_transaction_once" ON "ledger_transaction"("usage_event_id", "purpose", "kind", "revision");
CREATE UNIQUE INDEX "ledger_transaction_chain" ON "ledger_transaction"("tenant_id", "period", "chain_sequence");
-- A transaction is reversed at most once.
CREATE UNIQUE INDEX "ledger_transaction_reversed_once" ON "ledger_transaction"("corrects_id") WHERE "kind" = 'reversal';
ALTER TABLE "ledger_transaction" ADD CONSTRAINT "ledger_transaction_corrects_id_fkey" FOREIGN KEY ("corrects_id")
    REFERENCES "ledger_transaction"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "charge_line" DROP CONSTRAINT "charge_line_quantity_real", ADD CONSTRAINT "charge_line_quantity_real"
    CHECK ("quantity" <> 0 AND "quantity" > -1e32 AND "quantity" < 1e32);

-- Double entry, checked at commit whoever writes. Metered money has lines that sum to its total; the rest has none, and
-- its total is what it moves.
CREATE OR REPLACE FUNCTION "check_ledger_transaction"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entries BIGINT;
    balance NUMERIC;
    moved NUMERIC;
    lines BIGINT;
    charged NUMERIC;
BEGIN
    SELECT count(*), coalesce(sum("amount"), 0), coalesce(sum("amount") FILTER (WHERE "amount" > 0), 0)
      INTO entries, balance, moved FROM "ledger_entry" WHERE "transaction_id" = NEW."id";
    SELECT count(*), coalesce(sum("amount"), 0) INTO lines, charged FROM "charge_line" WHERE "transaction_id" = NEW."id";
    IF NEW."usage_event_id" IS NULL AND lines = 0 THEN
        charged := sign(NEW."total") * moved;
    END IF;
    IF entries < 2 OR balance <> 0 OR charged <> NEW."total" THEN
        RAISE EXCEPTION 'Ledger transaction % does not balance: % entries sum to %, lines to %, total is %.', NEW."id", entries, balance, charged, NEW."total"
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

-- Nothing is booked in a closed period, whoever writes. The share lock keeps a close waiting until this commits; once it
-- closed, this finds out.
CREATE FUNCTION "refuse_closed_period"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE "closed" RECORD;
BEGIN
    INSERT INTO "accounting_period" ("tenant_id", "period")
    SELECT DISTINCT "tenant_id", "period" FROM "added" ORDER BY 1, 2 ON CONFLICT DO NOTHING;
    FOR "closed" IN
        SELECT p."tenant_id", p."period", p."status"
          FROM "accounting_period" AS p JOIN (SELECT DISTINCT "tenant_id", "period" FROM "added") AS a USING ("tenant_id", "period")
         ORDER BY 1, 2 FOR SHARE OF p
    LOOP
        IF "closed"."status" = 'closed' THEN
            RAISE EXCEPTION 'The period % of tenant % is closed: nothing is booked in it any more. Book in the next open period.', "closed"."period", "closed"."tenant_id"
                USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER "ledger_transaction_period_open" AFTER INSERT ON "ledger_transaction"
    REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_closed_period"();

-- A period goes one way: open, soft-closed, closed; and stays as it was closed.
CREATE FUNCTION "guard_accounting_period"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW."status" <> 'open' THEN
            RAISE EXCEPTION 'The period % of tenant % has to begin open.', NEW."period", NEW."tenant_id" USING ERRCODE = 'restrict_violation';
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
CREATE TRIGGER "accounting_period_one_way" BEFORE INSERT OR UPDATE ON "accounting_period"
    FOR EACH ROW EXECUTE FUNCTION "guard_accounting_period"();

-- A chain only grows.
CREATE FUNCTION "guard_ledger_chain"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."tenant_id" <> OLD."tenant_id" OR NEW."period" <> OLD."period" OR NEW."sequence" <= OLD."sequence" THEN
        RAISE EXCEPTION 'The chain of % in % only grows.', OLD."tenant_id", OLD."period" USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "ledger_chain_grows" BEFORE UPDATE ON "ledger_chain" FOR EACH ROW EXECUTE FUNCTION "guard_ledger_chain"();

DO $$
DECLARE kept TEXT;
BEGIN
    FOREACH kept IN ARRAY ARRAY['accounting_period', 'ledger_chain', 'company'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_stays', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept || '_keep', kept);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['period_check', 'usage_release'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_append_only', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept || '_keep', kept);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
        REVOKE UPDATE, DELETE ON "period_check", "usage_release" FROM trunkline_app;
        REVOKE DELETE ON "accounting_period", "ledger_chain", "company" FROM trunkline_app;
    END IF;
END
$$;
