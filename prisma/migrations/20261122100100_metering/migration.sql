-- The journal of usage and sessions; see prisma/schema/metering.prisma for what each column means.

CREATE TABLE "usage_event" (
    "id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "replica_id" TEXT NOT NULL,
    "vendor" TEXT NOT NULL,
    "vendor_object_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "quantities" JSONB NOT NULL,
    "evidence" TEXT NOT NULL,
    "vendor_usage" JSON,
    "problem" TEXT,
    "journalled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "rating_state" TEXT NOT NULL,

    CONSTRAINT "usage_event_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "usage_event_evidence_known" CHECK ("evidence" IN ('reported', 'estimated')),
    CONSTRAINT "usage_event_rating_state_known" CHECK ("rating_state" IN ('pending', 'rated', 'unrated', 'parked')),
    -- An event with a problem is never rated, whatever a later bug may try.
    CONSTRAINT "usage_event_problem_is_parked" CHECK ("problem" IS NULL OR "rating_state" = 'parked')
);

CREATE INDEX "usage_event_tenant_time" ON "usage_event"("tenant_id", "occurred_at");
CREATE INDEX "usage_event_session" ON "usage_event"("session_id");
-- The queue for rating, oldest first. Partial, so that it stays small however long the history is.
CREATE INDEX "usage_event_pending" ON "usage_event"("occurred_at", "id") WHERE "rating_state" = 'pending';
-- What a person has to look at.
CREATE INDEX "usage_event_stuck" ON "usage_event"("rating_state", "occurred_at") WHERE "rating_state" IN ('unrated', 'parked');

-- What has been billed cannot change any more; before that only a repair by hand may touch it.
CREATE FUNCTION "usage_event_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'usage event % was billed and is immutable', OLD."id" USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER "usage_event_immutable" BEFORE UPDATE OF "id", "version", "kind", "session_id", "tenant_id", "key_id",
    "pool_id", "replica_id", "vendor", "vendor_object_id", "model", "status", "occurred_at", "quantities", "evidence",
    "vendor_usage", "problem", "journalled_at" ON "usage_event"
    FOR EACH ROW WHEN (OLD."rating_state" = 'rated') EXECUTE FUNCTION "usage_event_refuse_change"();

CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT,
    "pool_id" TEXT,
    "replica_id" TEXT,
    "model" TEXT,
    "dialect" TEXT,
    "transport" TEXT,
    "client_kind" TEXT,
    "opened_at" TIMESTAMPTZ(3),
    "end_cause" TEXT,
    "close_code" INTEGER,
    "closed_at" TIMESTAMPTZ(3),
    "duration_ms" BIGINT,
    "bytes_from_client" BIGINT,
    "bytes_from_upstream" BIGINT,
    "messages_from_client" BIGINT,
    "messages_from_upstream" BIGINT,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "session_tenant_time" ON "session"("tenant_id", "opened_at");
-- Live sessions, and those a crash left without an end.
CREATE INDEX "session_open" ON "session"("opened_at") WHERE "end_cause" IS NULL;

CREATE TABLE "spool_watermark" (
    "spool_id" TEXT NOT NULL,
    "epoch" BIGINT NOT NULL,
    "segment" BIGINT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "spool_watermark_pkey" PRIMARY KEY ("spool_id", "epoch")
);
