-- Sessions that somebody asked to end: one of them, or all that are open of a key or a tenant. Gateways read it with the
-- policy, so it reaches every one of them as a revocation does.
CREATE TABLE "session_end" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT,
    "session_id" TEXT,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "session_end_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "session_end_of_one" CHECK ("key_id" IS NULL OR "session_id" IS NULL)
);
CREATE INDEX "session_end_time" ON "session_end"("asked_at");
-- What is swept changes nothing for anybody: only a new request is a change of policy.
CREATE TRIGGER "session_end_raises_policy_version" AFTER INSERT ON "session_end"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();

-- What was found in a session, for the live board.
CREATE INDEX "moderation_finding_session" ON "moderation_finding"("session_id");
