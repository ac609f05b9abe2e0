-- Tenants, keys and pools; see prisma/schema/tenancy.prisma for what each column means.

CREATE TABLE "tenant" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "sessions_max" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "tenant_status_known" CHECK ("status" IN ('active', 'suspended')),
    CONSTRAINT "tenant_sessions_max_positive" CHECK ("sessions_max" > 0)
);
CREATE UNIQUE INDEX "tenant_slug_key" ON "tenant"("slug");

CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hmac" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "sessions_max" INTEGER,
    "models" TEXT[],
    "origins" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "api_key_hmac_is_one" CHECK ("hmac" ~ '^[0-9a-f]{64}$'),
    CONSTRAINT "api_key_sessions_max_positive" CHECK ("sessions_max" > 0)
);
CREATE UNIQUE INDEX "api_key_hmac_key" ON "api_key"("hmac");
CREATE INDEX "api_key_tenant" ON "api_key"("tenant_id");
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE TABLE "pool" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "vendor" TEXT NOT NULL,
    "sessions_max" INTEGER,
    "models" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pool_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "pool_vendor_known" CHECK ("vendor" IN ('openai')),
    CONSTRAINT "pool_sessions_max_positive" CHECK ("sessions_max" > 0)
);
CREATE UNIQUE INDEX "pool_slug_key" ON "pool"("slug");

CREATE TABLE "policy_version" (
    "id" INTEGER NOT NULL,
    "version" BIGINT NOT NULL,

    CONSTRAINT "policy_version_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "policy_version_is_one_row" CHECK ("id" = 1)
);
INSERT INTO "policy_version" ("id", "version") VALUES (1, 1);

-- By trigger and not in code, so that no path, and nobody with psql, can change policy without gateways hearing of it.
-- The row is locked until commit: changes of policy follow one another, and versions become visible in their order.
CREATE FUNCTION "raise_policy_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE "policy_version" SET "version" = "version" + 1 WHERE "id" = 1;
    RETURN NULL;
END;
$$;
CREATE TRIGGER "tenant_raises_policy_version" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "tenant"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();
CREATE TRIGGER "api_key_raises_policy_version" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "api_key"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();
CREATE TRIGGER "pool_raises_policy_version" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "pool"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();
