-- Two administrators who edit the same thing: each row has a version, from one sequence, so that one which was removed and made
-- again never has a version that somebody read before. Raised by trigger, so that changes by hand and by an older release count too.
CREATE SEQUENCE "row_version";
CREATE FUNCTION "raise_row_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."version" := nextval('row_version');
    RETURN NEW;
END $$;

ALTER TABLE "tenant" ADD COLUMN "version" BIGINT NOT NULL DEFAULT nextval('row_version');
ALTER TABLE "api_key" ADD COLUMN "version" BIGINT NOT NULL DEFAULT nextval('row_version');
ALTER TABLE "pool" ADD COLUMN "version" BIGINT NOT NULL DEFAULT nextval('row_version');
ALTER TABLE "pool_share" ADD COLUMN "version" BIGINT NOT NULL DEFAULT nextval('row_version');
CREATE TRIGGER "tenant_raises_row_version" BEFORE UPDATE ON "tenant" FOR EACH ROW EXECUTE FUNCTION "raise_row_version"();
CREATE TRIGGER "api_key_raises_row_version" BEFORE UPDATE ON "api_key" FOR EACH ROW EXECUTE FUNCTION "raise_row_version"();
CREATE TRIGGER "pool_raises_row_version" BEFORE UPDATE ON "pool" FOR EACH ROW EXECUTE FUNCTION "raise_row_version"();
CREATE TRIGGER "pool_share_raises_row_version" BEFORE UPDATE ON "pool_share" FOR EACH ROW EXECUTE FUNCTION "raise_row_version"();

-- What is put away stays for the books: with what it had been charged when it was.
ALTER TABLE "tenant" ADD COLUMN "archived_at" TIMESTAMPTZ(3), ADD COLUMN "archived_spend" DECIMAL(38, 12),
    ADD CONSTRAINT "tenant_archived_is_shut" CHECK ("archived_at" IS NULL OR "status" <> 'active');
ALTER TABLE "api_key" ADD COLUMN "archived_at" TIMESTAMPTZ(3), ADD COLUMN "archived_spend" DECIMAL(38, 12),
    -- The key that this one takes the place of.
    ADD COLUMN "replaces" TEXT,
    ADD CONSTRAINT "api_key_archived_is_revoked" CHECK ("archived_at" IS NULL OR "revoked_at" IS NOT NULL);

-- Pages of a tenant's keys, and all look-ups that the old index served.
CREATE INDEX "api_key_tenant_page" ON "api_key"("tenant_id", "id");
DROP INDEX "api_key_tenant";

-- What was made with an Idempotency-Key, for a day. The answer may hold a secret that is shown once: it is sealed.
CREATE TABLE "idempotent_request" (
    "key_hash" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "answer_sealed" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotent_request_pkey" PRIMARY KEY ("key_hash")
);
CREATE INDEX "idempotent_request_age" ON "idempotent_request"("created_at");
