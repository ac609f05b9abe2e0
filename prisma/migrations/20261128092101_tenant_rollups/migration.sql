-- A tenant's sums without its keys: most charts do not ask about keys, and a tenant with ten of them has ten times the rows.
-- Filled from the sums that are there, which nobody changes meanwhile (the migration before this one).
-- Three million hours take about ten seconds.
SET LOCAL work_mem = '256MB';
SET LOCAL maintenance_work_mem = '256MB';

CREATE TABLE "tenant_rollup_hour" (
    "tenant_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "usage_period" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "tenant_charge" DECIMAL(38,12) NOT NULL,
    "provider_cost" DECIMAL(38,12) NOT NULL,
    "readings" BIGINT NOT NULL,
    "events" BIGINT NOT NULL
);

CREATE TABLE "tenant_rollup_day" (
    "tenant_id" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "usage_period" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "evidence" TEXT NOT NULL,
    "quantity" DECIMAL(38,6) NOT NULL,
    "tenant_charge" DECIMAL(38,12) NOT NULL,
    "provider_cost" DECIMAL(38,12) NOT NULL,
    "readings" BIGINT NOT NULL,
    "events" BIGINT NOT NULL
);

-- In the order of tenant and time, so that a chart reads pages that lie together.
INSERT INTO "tenant_rollup_hour"
SELECT "tenant_id", "hour", "usage_period", "pool_id", "model", "meter", "evidence", sum("quantity"), sum("tenant_charge"),
       sum("provider_cost"), sum("readings"), sum("events")
  FROM "usage_rollup_hour" GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2;
INSERT INTO "tenant_rollup_day"
SELECT "tenant_id", "day", "usage_period", "pool_id", "model", "meter", "evidence", sum("quantity"), sum("tenant_charge"),
       sum("provider_cost"), sum("readings"), sum("events")
  FROM "usage_rollup_day" GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2;

-- After the rows: an index that is built at once takes a third of the time of one that grows.
ALTER TABLE "tenant_rollup_hour"
    ADD CONSTRAINT "tenant_rollup_hour_pkey"
        PRIMARY KEY ("tenant_id", "hour", "usage_period", "pool_id", "model", "meter", "evidence"),
    ADD CONSTRAINT "tenant_rollup_hour_full_hour" CHECK ("hour" = date_trunc('hour', "hour", 'UTC'));
ALTER TABLE "tenant_rollup_day"
    ADD CONSTRAINT "tenant_rollup_day_pkey"
        PRIMARY KEY ("tenant_id", "day", "usage_period", "pool_id", "model", "meter", "evidence");
CREATE INDEX "tenant_rollup_hour_time" ON "tenant_rollup_hour"("hour");
CREATE INDEX "tenant_rollup_day_time" ON "tenant_rollup_day"("day");

-- Charts of one key read its rows alone. Equal entries are stored once, as before.
CREATE INDEX "usage_rollup_hour_key" ON "usage_rollup_hour"("tenant_id", "hour", "key_id");
DROP INDEX "usage_rollup_hour_tenant";
