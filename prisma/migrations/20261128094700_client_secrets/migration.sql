-- Client secrets (`ek_...`); see prisma/schema/tenancy.prisma.

CREATE TABLE "client_secret" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "hmac" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "model" TEXT,
    "session" JSON NOT NULL,
    "pinned" TEXT[],
    "origins" TEXT[],
    "uses_max" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "end_user" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "client_secret_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "client_secret_kind_known" CHECK ("kind" IN ('realtime', 'transcription')),
    -- The last defence: whatever a gateway does, no secret is used more often than it may be.
    CONSTRAINT "client_secret_uses_kept" CHECK ("uses" >= 0 AND ("uses_max" IS NULL OR "uses" <= "uses_max")),
    CONSTRAINT "client_secret_uses_max_real" CHECK ("uses_max" IS NULL OR "uses_max" > 0)
);
CREATE UNIQUE INDEX "client_secret_hmac_key" ON "client_secret"("hmac");
CREATE INDEX "client_secret_key_time" ON "client_secret"("key_id", "created_at");
CREATE INDEX "client_secret_expiry" ON "client_secret"("expires_at");
-- What a gateway loads with its policy.
CREATE INDEX "client_secret_revoked" ON "client_secret"("revoked_at") WHERE "revoked_at" IS NOT NULL;
ALTER TABLE "client_secret" ADD CONSTRAINT "client_secret_key_id_tenant_id_fkey" FOREIGN KEY ("key_id", "tenant_id") REFERENCES "api_key"("id", "tenant_id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Gateways end the sessions of a revoked secret. Minting and using one changes no policy: neither fires.
CREATE TRIGGER "client_secret_raises_policy_version" AFTER UPDATE OF "revoked_at" ON "client_secret"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();

ALTER TABLE "session" ADD COLUMN "secret_id" TEXT;
