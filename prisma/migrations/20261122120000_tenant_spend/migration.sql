-- What tenants spent by the hour; see prisma/schema/spend.prisma.

CREATE TABLE "tenant_spend" (
    "tenant_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "amount" DECIMAL(38,12) NOT NULL,

    CONSTRAINT "tenant_spend_pkey" PRIMARY KEY ("tenant_id", "hour"),
    CONSTRAINT "tenant_spend_full_hour" CHECK ("hour" = date_trunc('hour', "hour", 'UTC'))
);

-- A month that is already under way when this is installed counts from its beginning.
INSERT INTO "tenant_spend" ("tenant_id", "hour", "amount")
SELECT "tenant_id", date_trunc('hour', "occurred_at", 'UTC'), sum("total")
  FROM "ledger_transaction"
 WHERE "purpose" = 'tenant_charge'
 GROUP BY 1, 2;
