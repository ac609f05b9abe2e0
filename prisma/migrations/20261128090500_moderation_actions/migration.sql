-- What follows from findings without a person: keys that are suspended, end users that are refused; see
-- prisma/schema/moderation.prisma and prisma/schema/tenancy.prisma.

-- A release that does not know the column takes a suspended key for a good one: bring all gateways up first.
ALTER TABLE "api_key" ADD COLUMN "suspended_at" TIMESTAMPTZ(3);

CREATE TABLE "refused_end_user" (
    "tenant_id" TEXT NOT NULL,
    "end_user" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "made_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "refused_end_user_pkey" PRIMARY KEY ("tenant_id", "end_user"),
    CONSTRAINT "refused_end_user_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE TRIGGER "refused_end_user_raises_policy_version" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "refused_end_user"
    FOR EACH STATEMENT EXECUTE FUNCTION "raise_policy_version"();

CREATE TABLE "moderation_action" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "tenant_id" TEXT NOT NULL,
    "finding_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "moderation_action_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "moderation_action_once" UNIQUE ("finding_id", "action")
);
CREATE INDEX "moderation_action_subject" ON "moderation_action"("tenant_id", "subject", "at");
CREATE TRIGGER "moderation_action_append_only" BEFORE UPDATE OR DELETE ON "moderation_action" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER "moderation_action_keep" BEFORE TRUNCATE ON "moderation_action" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
        REVOKE UPDATE, DELETE ON "moderation_action" FROM trunkline_app;
    END IF;
END
$$;
