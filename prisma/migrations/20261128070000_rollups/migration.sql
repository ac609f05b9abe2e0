-- Sums of the ledger for dashboards; see prisma/schema/rollups.prisma for what each table is.

CREATE TABLE "usage_rollup_hour" (
    "tenant_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "usage_period" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "tenant_charge" DECIMAL(38,12) NOT NULL,
    "provider_cost" DECIMAL(38,12) NOT NULL,
    "readings" BIGINT NOT NULL,
    "events" BIGINT NOT NULL,

    CONSTRAINT "usage_rollup_hour_pkey" PRIMARY KEY ("tenant_id", "hour", "usage_period", "key_id", "pool_id", "model", "meter", "evidence"),
    CONSTRAINT "usage_rollup_hour_full_hour" CHECK ("hour" = date_trunc('hour', "hour", 'UTC'))
);
CREATE INDEX "usage_rollup_hour_time" ON "usage_rollup_hour"("hour");

CREATE TABLE "usage_rollup_day" (
    "tenant_id" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "usage_period" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "tenant_charge" DECIMAL(38,12) NOT NULL,
    "provider_cost" DECIMAL(38,12) NOT NULL,
    "readings" BIGINT NOT NULL,
    "events" BIGINT NOT NULL,

    CONSTRAINT "usage_rollup_day_pkey" PRIMARY KEY ("tenant_id", "day", "usage_period", "key_id", "pool_id", "model", "meter", "evidence")
);
CREATE INDEX "usage_rollup_day_time" ON "usage_rollup_day"("day");

CREATE TABLE "usage_rollup_month" (
    "tenant_id" TEXT NOT NULL,
    "usage_period" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "tenant_charge" DECIMAL(38,12) NOT NULL,
    "provider_cost" DECIMAL(38,12) NOT NULL,
    "readings" BIGINT NOT NULL,
    "events" BIGINT NOT NULL,

    CONSTRAINT "usage_rollup_month_pkey" PRIMARY KEY ("tenant_id", "usage_period", "key_id", "pool_id", "model", "meter", "evidence")
);
CREATE INDEX "usage_rollup_month_time" ON "usage_rollup_month"("usage_period");

CREATE TABLE "pool_rollup_hour" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "tenant_charge" DECIMAL(38,12) NOT NULL,
    "provider_cost" DECIMAL(38,12) NOT NULL,
    "readings" BIGINT NOT NULL,
    "events" BIGINT NOT NULL,

    CONSTRAINT "pool_rollup_hour_pkey" PRIMARY KEY ("hour", "pool_id", "model", "meter", "evidence")
);

CREATE TABLE "pool_rollup_day" (
    "day" DATE NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "tenant_charge" DECIMAL(38,12) NOT NULL,
    "provider_cost" DECIMAL(38,12) NOT NULL,
    "readings" BIGINT NOT NULL,
    "events" BIGINT NOT NULL,

    CONSTRAINT "pool_rollup_day_pkey" PRIMARY KEY ("day", "pool_id", "model", "meter", "evidence")
);

CREATE TABLE "rollup_due" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rollup_due_pkey" PRIMARY KEY ("id")
);

-- Whoever books, and from whatever process: the note that the hour has to be summed up again is committed with the
-- booking, so no crash can part them. One row per statement and hour, never shared: two that book for one hour do not wait
-- for each other, and a note that was written while its hour was being summed up is still there afterwards.
CREATE FUNCTION "note_rollup_due"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "rollup_due" ("tenant_id", "hour")
    SELECT DISTINCT "tenant_id", date_trunc('hour', "occurred_at", 'UTC') FROM "added";
    RETURN NULL;
END
$$;
CREATE TRIGGER "ledger_transaction_rollup_due" AFTER INSERT ON "ledger_transaction"
    REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "note_rollup_due"();

-- What is in the books already is summed up by the first worker that starts.
INSERT INTO "rollup_due" ("tenant_id", "hour")
SELECT DISTINCT "tenant_id", date_trunc('hour', "occurred_at", 'UTC') FROM "ledger_transaction";
