-- Estimates in place of reports that never come, what is owed meanwhile, and which gateways live; see
-- prisma/schema/metering.prisma for what each column means. Every new column has a default or may be null, so that the
-- release before this one works on it.

ALTER TABLE "usage_event"
    ADD COLUMN "fact_id" TEXT,
    ADD COLUMN "estimate" JSONB,
    DROP CONSTRAINT "usage_event_rating_state_known",
    ADD CONSTRAINT "usage_event_rating_state_known" CHECK ("rating_state" IN ('pending', 'rated', 'unrated', 'parked', 'superseded')),
    -- An estimate is always labelled as one, and only an estimate gives way to a report.
    ADD CONSTRAINT "usage_event_estimate_is_labelled" CHECK (("fact_id" IS NULL) = ("estimate" IS NULL) AND ("fact_id" IS NULL OR "evidence" = 'estimated')),
    ADD CONSTRAINT "usage_event_only_estimates_superseded" CHECK ("rating_state" <> 'superseded' OR "fact_id" IS NOT NULL);

-- One estimate of a fact, found by the fact when its report comes.
CREATE UNIQUE INDEX "usage_event_fact" ON "usage_event"("fact_id") WHERE "fact_id" IS NOT NULL;

-- `superseded` too is reached only by what may not change any more.
DROP TRIGGER "usage_event_immutable" ON "usage_event";
CREATE TRIGGER "usage_event_immutable" BEFORE UPDATE OF "id", "version", "kind", "session_id", "tenant_id", "key_id",
    "pool_id", "replica_id", "vendor", "vendor_object_id", "model", "status", "occurred_at", "quantities", "evidence",
    "vendor_usage", "problem", "journalled_at", "fact_id", "estimate" ON "usage_event"
    FOR EACH ROW WHEN (OLD."rating_state" IN ('rated', 'superseded')) EXECUTE FUNCTION "usage_event_refuse_change"();

CREATE TABLE "owed_usage" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "replica_id" TEXT NOT NULL,
    "vendor_object_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "seen" JSONB NOT NULL,
    "billing" TEXT NOT NULL,

    CONSTRAINT "owed_usage_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "owed_usage_billing_known" CHECK ("billing" IN ('bill', 'do_not_bill'))
);
CREATE INDEX "owed_usage_session" ON "owed_usage"("session_id");
CREATE INDEX "owed_usage_replica" ON "owed_usage"("replica_id");

CREATE TABLE "gateway_replica" (
    "replica_id" TEXT NOT NULL,
    "spool_id" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "beats" BIGINT NOT NULL,
    "leftovers_drained" BOOLEAN NOT NULL DEFAULT false,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "beat_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateway_replica_pkey" PRIMARY KEY ("replica_id")
);
CREATE INDEX "gateway_replica_spool" ON "gateway_replica"("spool_id", "epoch");

ALTER TABLE "tenant"
    ADD COLUMN "bill_estimates" TEXT NOT NULL DEFAULT 'bill',
    ADD CONSTRAINT "tenant_bill_estimates_known" CHECK ("bill_estimates" IN ('bill', 'do_not_bill'));
