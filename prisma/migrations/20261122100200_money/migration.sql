-- Prices and the ledger; see prisma/schema/money.prisma for what each column means.

CREATE TABLE "price_version" (
    "id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "unit" TEXT NOT NULL,
    "price" DECIMAL(38,12) NOT NULL,
    "per" BIGINT NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "effective_to" TIMESTAMPTZ(3),
    "currency" TEXT NOT NULL,
    "service_tier" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "confidence" TEXT NOT NULL,
    "note" TEXT,
    "imported_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_version_pkey" PRIMARY KEY ("id"),
    -- NUMERIC knows NaN and Infinity, and both are greater than zero to it.
    CONSTRAINT "price_version_price_real" CHECK ("price" >= 0 AND "price" < 1e20),
    CONSTRAINT "price_version_per_positive" CHECK ("per" > 0),
    CONSTRAINT "price_version_unit_known" CHECK ("unit" IN ('tokens', 'seconds', 'minutes')),
    CONSTRAINT "price_version_ends_after_start" CHECK ("effective_to" > "effective_from")
);
CREATE UNIQUE INDEX "price_version_key" ON "price_version"("provider", "model", "meter", "service_tier", "currency", "effective_from");

CREATE TABLE "price_alias" (
    "alias" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "source" TEXT NOT NULL,
    "imported_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_alias_pkey" PRIMARY KEY ("alias", "effective_from")
);

CREATE TABLE "ledger_account" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_account_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ledger_account_kind_known" CHECK ("kind" IN ('receivable', 'revenue', 'cost_of_sales', 'provider_payable'))
);
CREATE UNIQUE INDEX "ledger_account_key" ON "ledger_account"("tenant_id", "kind", "currency");

CREATE TABLE "ledger_transaction" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "usage_event_id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "period" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "total" DECIMAL(38,12) NOT NULL,
    "posted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_transaction_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "ledger_transaction_purpose_known" CHECK ("purpose" IN ('provider_cost', 'tenant_charge')),
    CONSTRAINT "ledger_transaction_evidence_known" CHECK ("evidence" IN ('reported', 'estimated')),
    CONSTRAINT "ledger_transaction_period_shape" CHECK ("period" ~ '^\d{4}-\d{2}$')
);
CREATE UNIQUE INDEX "ledger_transaction_once" ON "ledger_transaction"("usage_event_id", "purpose");
CREATE INDEX "ledger_transaction_tenant_time" ON "ledger_transaction"("tenant_id", "occurred_at");
CREATE INDEX "ledger_transaction_session" ON "ledger_transaction"("session_id");

CREATE TABLE "ledger_entry" (
    "transaction_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "amount" DECIMAL(38,12) NOT NULL,

    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("transaction_id", "account_id"),
    CONSTRAINT "ledger_entry_amount_real" CHECK ("amount" > -1e26 AND "amount" < 1e26)
);
CREATE INDEX "ledger_entry_account" ON "ledger_entry"("account_id");

CREATE TABLE "charge_line" (
    "transaction_id" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "price_version_id" TEXT NOT NULL,
    "amount" DECIMAL(38,12) NOT NULL,

    CONSTRAINT "charge_line_pkey" PRIMARY KEY ("transaction_id", "meter"),
    CONSTRAINT "charge_line_quantity_real" CHECK ("quantity" > 0 AND "quantity" < 1e32)
);

ALTER TABLE "ledger_entry" ADD CONSTRAINT "ledger_entry_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "ledger_transaction"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "ledger_entry" ADD CONSTRAINT "ledger_entry_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "ledger_account"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "charge_line" ADD CONSTRAINT "charge_line_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "ledger_transaction"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "charge_line" ADD CONSTRAINT "charge_line_price_version_id_fkey" FOREIGN KEY ("price_version_id") REFERENCES "price_version"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Append-only, even for the owner of the tables.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The table % is append-only: % is refused. Correct it with a new row.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

DO $$
DECLARE books TEXT;
BEGIN
    FOREACH books IN ARRAY ARRAY['price_version', 'price_alias', 'ledger_account', 'ledger_transaction', 'ledger_entry', 'charge_line'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', books || '_append_only', books);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', books || '_keep', books);
    END LOOP;
END
$$;

-- Double entry, checked at commit whoever writes: at least two entries that sum to zero, and lines that sum to the total.
CREATE FUNCTION "check_ledger_transaction"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entries BIGINT;
    balance NUMERIC;
    charged NUMERIC;
BEGIN
    SELECT count(*), coalesce(sum("amount"), 0) INTO entries, balance FROM "ledger_entry" WHERE "transaction_id" = NEW."id";
    SELECT coalesce(sum("amount"), 0) INTO charged FROM "charge_line" WHERE "transaction_id" = NEW."id";
    IF entries < 2 OR balance <> 0 OR charged <> NEW."total" THEN
        RAISE EXCEPTION 'Ledger transaction % does not balance: % entries sum to %, lines to %, total is %.', NEW."id", entries, balance, charged, NEW."total"
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER "ledger_transaction_balanced" AFTER INSERT ON "ledger_transaction"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "check_ledger_transaction"();

-- So that the check above sees everything: entries and lines come in the same database transaction as their head (its
-- xmin is this one's id; not within a savepoint), and nothing can be added to a transaction afterwards. One check per
-- statement: the same by row at commit would cost as much as all the rest of posting together.
CREATE FUNCTION "refuse_late_part"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE late TEXT;
BEGIN
    SELECT "added"."transaction_id" INTO late
      FROM "added" LEFT JOIN "ledger_transaction" AS "head" ON "head"."id" = "added"."transaction_id"
     WHERE "head"."xmin" IS DISTINCT FROM pg_current_xact_id()::xid
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Ledger transaction % is posted: nothing can be added to it. Correct it with a new transaction.', late
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER "ledger_entry_in_time" AFTER INSERT ON "ledger_entry"
    REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_late_part"();
CREATE TRIGGER "charge_line_in_time" AFTER INSERT ON "charge_line"
    REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_late_part"();

-- The role to run the gateway, the worker and the API as: everything it needs, and no right to change the books. Migrations
-- run as the owner. Use it with `GRANT trunkline_app TO <login>`. Roles belong to the whole server, so it may exist
-- already; and a managed server may forbid making one: then only the triggers above protect the books.
DO $$
DECLARE books TEXT;
BEGIN
    BEGIN
        CREATE ROLE "trunkline_app" NOLOGIN;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN RAISE NOTICE 'No right to create the role trunkline_app; ask an administrator for it.';
    END;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
        RETURN;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO trunkline_app', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO trunkline_app', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO trunkline_app', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE ON SEQUENCES TO trunkline_app', current_schema());
    FOREACH books IN ARRAY ARRAY['price_version', 'price_alias', 'ledger_account', 'ledger_transaction', 'ledger_entry', 'charge_line'] LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON %I FROM trunkline_app', books);
    END LOOP;
    IF to_regclass('_prisma_migrations') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON "_prisma_migrations" FROM trunkline_app;
    END IF;
END
$$;
