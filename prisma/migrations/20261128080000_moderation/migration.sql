-- Moderation policies of tenants; see prisma/schema/moderation.prisma.

CREATE TABLE "moderation_policy" (
    "tenant_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "policy" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "moderation_policy_pkey" PRIMARY KEY ("tenant_id", "version"),
    CONSTRAINT "moderation_policy_version_real" CHECK ("version" > 0),
    CONSTRAINT "moderation_policy_said_by_somebody" CHECK (btrim("actor") <> '')
);
ALTER TABLE "moderation_policy" ADD CONSTRAINT "moderation_policy_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What was in force when stays known: a change is a new version.
CREATE TRIGGER "moderation_policy_append_only" BEFORE UPDATE OR DELETE ON "moderation_policy" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER "moderation_policy_keep" BEFORE TRUNCATE ON "moderation_policy" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER "moderation_policy_raises_policy_version" AFTER INSERT ON "moderation_policy"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
        REVOKE UPDATE, DELETE ON "moderation_policy" FROM trunkline_app;
    END IF;
END
$$;
