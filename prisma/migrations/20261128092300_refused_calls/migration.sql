-- Calls that got no line, counted together over a few seconds; see prisma/schema/metering.prisma. The worker deletes them
-- after five weeks.
CREATE TABLE "refused_calls" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "replica_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "family" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "pools" TEXT[] NOT NULL,
    "asked_from" TIMESTAMPTZ(3) NOT NULL,
    "asked_until" TIMESTAMPTZ(3) NOT NULL,
    "calls" BIGINT NOT NULL,
    "waited_ms" BIGINT NOT NULL,
    "waited_ms_max" BIGINT NOT NULL,

    CONSTRAINT "refused_calls_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "refused_calls_some" CHECK ("calls" > 0),
    CONSTRAINT "refused_calls_in_order" CHECK ("asked_from" <= "asked_until")
);
CREATE INDEX "refused_calls_time" ON "refused_calls"("asked_from", "id");
