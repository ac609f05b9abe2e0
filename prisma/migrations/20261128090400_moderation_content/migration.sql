-- Excerpts of what was found, where a tenant's policy keeps them; see prisma/schema/moderation.prisma.

CREATE TABLE "moderation_content_key" (
    "session_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "wrapped_key" TEXT,
    "keep_until" TIMESTAMPTZ(3) NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "shredded_at" TIMESTAMPTZ(3),

    CONSTRAINT "moderation_content_key_pkey" PRIMARY KEY ("session_id"),
    CONSTRAINT "moderation_content_key_is_there_or_shredded" CHECK (("wrapped_key" IS NULL) = ("shredded_at" IS NOT NULL))
);
CREATE INDEX "moderation_content_key_due" ON "moderation_content_key"("keep_until") WHERE "wrapped_key" IS NOT NULL;

CREATE TABLE "moderation_content" (
    "finding_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "review_item_id" TEXT,
    "end_user" TEXT,
    "region" TEXT,
    "sealed" TEXT,
    "sealed_sha256" TEXT NOT NULL,
    "keep_until" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "erased_at" TIMESTAMPTZ(3),

    CONSTRAINT "moderation_content_pkey" PRIMARY KEY ("finding_id"),
    CONSTRAINT "moderation_content_is_there_or_erased" CHECK (("sealed" IS NULL) = ("erased_at" IS NOT NULL))
);
CREATE INDEX "moderation_content_session" ON "moderation_content"("session_id");
CREATE INDEX "moderation_content_review_item" ON "moderation_content"("review_item_id");
CREATE INDEX "moderation_content_end_user" ON "moderation_content"("tenant_id", "end_user") WHERE "end_user" IS NOT NULL;
CREATE INDEX "moderation_content_due" ON "moderation_content"("keep_until") WHERE "sealed" IS NOT NULL;

-- What was erased, when, why and by whom: the proof that stays.
CREATE TABLE "moderation_erasure" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "tenant_id" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "subject" TEXT,
    "actor" TEXT NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "pieces" INTEGER NOT NULL,
    "keys" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,

    CONSTRAINT "moderation_erasure_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "moderation_erasure_cause_known" CHECK ("cause" IN ('retention', 'session', 'end_user')),
    CONSTRAINT "moderation_erasure_of_somebody" CHECK (("cause" = 'retention') = ("subject" IS NULL)),
    CONSTRAINT "moderation_erasure_said_by_somebody" CHECK (btrim("actor") <> '')
);
CREATE INDEX "moderation_erasure_tenant_time" ON "moderation_erasure"("tenant_id", "at");
CREATE TRIGGER "moderation_erasure_append_only" BEFORE UPDATE OR DELETE ON "moderation_erasure" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER "moderation_erasure_keep" BEFORE TRUNCATE ON "moderation_erasure" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is erased stays erased, whoever delivers it again.
CREATE FUNCTION "moderation_content_stays_erased"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: what is erased stays erased', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER "moderation_content_key_stays_shredded" BEFORE UPDATE ON "moderation_content_key" FOR EACH ROW
    WHEN (OLD."wrapped_key" IS NULL AND NEW."wrapped_key" IS NOT NULL) EXECUTE FUNCTION "moderation_content_stays_erased"();
CREATE TRIGGER "moderation_content_stays_erased" BEFORE UPDATE ON "moderation_content" FOR EACH ROW
    WHEN (OLD."sealed" IS NULL AND NEW."sealed" IS NOT NULL) EXECUTE FUNCTION "moderation_content_stays_erased"();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
        REVOKE UPDATE, DELETE ON "moderation_erasure" FROM trunkline_app;
    END IF;
END
$$;
