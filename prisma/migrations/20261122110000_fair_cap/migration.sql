-- What the fair cap runs on: pools with caps by model family and an account of their own, shares of pools, tenants'
-- limits. See prisma/schema/tenancy.prisma for what each column means. Every new column has a default that means "as
-- before", so that the release before this one works on it. Sums over rows (floors within a cap) are checked by the
-- services, under a lock of the pool's row.

ALTER TABLE "pool" DROP CONSTRAINT "pool_vendor_known";
ALTER TABLE "pool"
    ADD COLUMN "status" TEXT NOT NULL DEFAULT 'active',
    ADD COLUMN "family_caps" JSONB NOT NULL DEFAULT '{}',
    ADD COLUMN "tokens_per_minute_max" INTEGER,
    ADD COLUMN "tier" INTEGER,
    ADD COLUMN "weight" INTEGER NOT NULL DEFAULT 1,
    ADD COLUMN "waiting_max" INTEGER NOT NULL DEFAULT 200,
    ADD COLUMN "waiting_per_tenant_max" INTEGER NOT NULL DEFAULT 20,
    ADD COLUMN "upstream_url" TEXT,
    ADD COLUMN "upstream_key_sealed" TEXT,
    ADD COLUMN "deployments" JSONB NOT NULL DEFAULT '{}',
    ADD CONSTRAINT "pool_vendor_known" CHECK ("vendor" IN ('openai', 'azure')),
    ADD CONSTRAINT "pool_status_known" CHECK ("status" IN ('active', 'draining')),
    ADD CONSTRAINT "pool_family_caps_are_caps" CHECK (
        jsonb_typeof("family_caps") = 'object'
        AND NOT jsonb_path_exists("family_caps", '$.* ? (@.type() != "number" || @ < 1 || @ > 1000000 || @ != @.floor())')
    ),
    ADD CONSTRAINT "pool_tokens_per_minute_max_positive" CHECK ("tokens_per_minute_max" > 0),
    ADD CONSTRAINT "pool_tier_known" CHECK ("tier" BETWEEN 1 AND 5),
    ADD CONSTRAINT "pool_weight_in_range" CHECK ("weight" BETWEEN 0 AND 1000),
    ADD CONSTRAINT "pool_waiting_max_in_range" CHECK ("waiting_max" BETWEEN 0 AND 10000),
    ADD CONSTRAINT "pool_waiting_per_tenant_max_in_range" CHECK ("waiting_per_tenant_max" BETWEEN 0 AND 10000),
    -- A key in the clear does not have this shape, so that nobody can store one by hand either.
    ADD CONSTRAINT "pool_upstream_key_is_sealed" CHECK ("upstream_key_sealed" ~ '^v1\.[A-Za-z0-9_-]{40,}$'),
    -- An address without a key of its own would be sent the key of the settings, which belongs to somebody else.
    ADD CONSTRAINT "pool_upstream_url_has_key" CHECK ("upstream_url" IS NULL OR "upstream_key_sealed" IS NOT NULL),
    ADD CONSTRAINT "pool_deployments_are_names" CHECK (
        jsonb_typeof("deployments") = 'object'
        AND NOT jsonb_path_exists("deployments", '$.* ? (@.type() != "string" || @ == "")')
    ),
    ADD CONSTRAINT "pool_deployments_are_azure" CHECK ("vendor" = 'azure' OR "deployments" = '{}');

ALTER TABLE "tenant"
    ADD COLUMN "wait_ms_max" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "reconnect_grace_ms" INTEGER NOT NULL DEFAULT 2000,
    ADD COLUMN "idle_reclaim_ms" INTEGER,
    ADD COLUMN "session_ms_max" INTEGER,
    ADD COLUMN "sessions_per_minute_max" INTEGER,
    ADD COLUMN "tokens_per_minute_max" INTEGER,
    ADD COLUMN "spend_session_max" NUMERIC(38,12),
    ADD COLUMN "spend_day_max" NUMERIC(38,12),
    ADD COLUMN "spend_month_max" NUMERIC(38,12),
    ADD COLUMN "over_budget" TEXT NOT NULL DEFAULT 'finish_turn',
    ADD CONSTRAINT "tenant_wait_ms_max_in_range" CHECK ("wait_ms_max" BETWEEN 0 AND 120000),
    ADD CONSTRAINT "tenant_reconnect_grace_ms_in_range" CHECK ("reconnect_grace_ms" BETWEEN 0 AND 60000),
    ADD CONSTRAINT "tenant_idle_reclaim_ms_in_range" CHECK ("idle_reclaim_ms" BETWEEN 5000 AND 86400000),
    ADD CONSTRAINT "tenant_session_ms_max_in_range" CHECK ("session_ms_max" BETWEEN 10000 AND 86400000),
    ADD CONSTRAINT "tenant_sessions_per_minute_max_positive" CHECK ("sessions_per_minute_max" > 0),
    ADD CONSTRAINT "tenant_tokens_per_minute_max_positive" CHECK ("tokens_per_minute_max" > 0),
    ADD CONSTRAINT "tenant_spend_session_max_positive" CHECK ("spend_session_max" > 0),
    ADD CONSTRAINT "tenant_spend_day_max_positive" CHECK ("spend_day_max" > 0),
    ADD CONSTRAINT "tenant_spend_month_max_positive" CHECK ("spend_month_max" > 0),
    ADD CONSTRAINT "tenant_over_budget_known" CHECK ("over_budget" IN ('finish_turn', 'block_turns', 'cut'));

CREATE TABLE "pool_share" (
    "pool_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "floor" INTEGER NOT NULL DEFAULT 0,
    "ceiling" INTEGER,
    "weight" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "pool_share_pkey" PRIMARY KEY ("pool_id", "tenant_id"),
    CONSTRAINT "pool_share_floor_not_negative" CHECK ("floor" >= 0),
    CONSTRAINT "pool_share_ceiling_positive" CHECK ("ceiling" > 0),
    CONSTRAINT "pool_share_floor_below_ceiling" CHECK ("floor" <= "ceiling"),
    CONSTRAINT "pool_share_weight_in_range" CHECK ("weight" BETWEEN 1 AND 1000)
);
CREATE INDEX "pool_share_tenant" ON "pool_share"("tenant_id");
ALTER TABLE "pool_share" ADD CONSTRAINT "pool_share_pool_id_fkey" FOREIGN KEY ("pool_id") REFERENCES "pool"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "pool_share" ADD CONSTRAINT "pool_share_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- So that a key's share can only name the tenant whose key it is.
CREATE UNIQUE INDEX "api_key_id_tenant" ON "api_key"("id", "tenant_id");

CREATE TABLE "pool_key_share" (
    "pool_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "floor" INTEGER NOT NULL DEFAULT 0,
    "ceiling" INTEGER,

    CONSTRAINT "pool_key_share_pkey" PRIMARY KEY ("pool_id", "key_id"),
    CONSTRAINT "pool_key_share_floor_not_negative" CHECK ("floor" >= 0),
    CONSTRAINT "pool_key_share_ceiling_positive" CHECK ("ceiling" > 0),
    CONSTRAINT "pool_key_share_floor_below_ceiling" CHECK ("floor" <= "ceiling")
);
CREATE INDEX "pool_key_share_tenant" ON "pool_key_share"("tenant_id");
CREATE INDEX "pool_key_share_key" ON "pool_key_share"("key_id");
ALTER TABLE "pool_key_share" ADD CONSTRAINT "pool_key_share_pool_id_fkey" FOREIGN KEY ("pool_id") REFERENCES "pool"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "pool_key_share" ADD CONSTRAINT "pool_key_share_key_id_tenant_id_fkey" FOREIGN KEY ("key_id", "tenant_id") REFERENCES "api_key"("id", "tenant_id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE TRIGGER "pool_share_raises_policy_version" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "pool_share"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();
CREATE TRIGGER "pool_key_share_raises_policy_version" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "pool_key_share"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();
