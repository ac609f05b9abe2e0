-- Companies whose tokens app traffic may bring; see prisma/schema/tenancy.prisma.

CREATE TABLE "jwt_issuer" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "audiences" TEXT[],
    "jwks_url" TEXT,
    "jwks" JSON,
    "algorithms" TEXT[],
    "tenant_id" TEXT,
    "tenant_claim" TEXT,
    "app_claim" TEXT NOT NULL,
    "end_user_claim" TEXT,
    "skew_seconds" INTEGER NOT NULL DEFAULT 30,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "jwt_issuer_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "jwt_issuer_one_source_of_keys" CHECK (("jwks_url" IS NULL) <> ("jwks" IS NULL)),
    CONSTRAINT "jwt_issuer_one_way_to_a_tenant" CHECK (("tenant_id" IS NULL) <> ("tenant_claim" IS NULL)),
    CONSTRAINT "jwt_issuer_has_audiences" CHECK (cardinality("audiences") > 0),
    -- Asymmetric only: with a shared secret, who can check a token can make one.
    CONSTRAINT "jwt_issuer_algorithms_known" CHECK (cardinality("algorithms") > 0 AND "algorithms" <@ ARRAY['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']),
    CONSTRAINT "jwt_issuer_skew_bounded" CHECK ("skew_seconds" BETWEEN 0 AND 120)
);
CREATE UNIQUE INDEX "jwt_issuer_one" ON "jwt_issuer"("issuer") WHERE "revoked_at" IS NULL;
CREATE UNIQUE INDEX "jwt_issuer_name_one" ON "jwt_issuer"("name") WHERE "revoked_at" IS NULL;
ALTER TABLE "jwt_issuer" ADD CONSTRAINT "jwt_issuer_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
CREATE TRIGGER "jwt_issuer_raises_policy_version" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "jwt_issuer"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();

ALTER TABLE "api_key" ADD COLUMN "jwt_issuer_id" TEXT;
ALTER TABLE "api_key" ADD COLUMN "jwt_subject" TEXT;
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_jwt_whole" CHECK (("jwt_issuer_id" IS NULL) = ("jwt_subject" IS NULL));
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_jwt_issuer_id_fkey" FOREIGN KEY ("jwt_issuer_id") REFERENCES "jwt_issuer"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
CREATE UNIQUE INDEX "api_key_jwt_one" ON "api_key"("jwt_issuer_id", "tenant_id", "jwt_subject") WHERE "revoked_at" IS NULL;
