-- Who may use the control plane, who is signed in, and the record of what they changed; see prisma/schema/access.prisma.
CREATE TABLE "member" (
    "id" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3),

    CONSTRAINT "member_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "member_named" CHECK (btrim("name") <> '' AND btrim("subject") <> '' AND btrim("issuer") <> '')
);
CREATE UNIQUE INDEX "member_subject" ON "member"("issuer", "subject");

CREATE TABLE "api_token" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hmac" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "member_id" TEXT,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_token_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "api_token_member" FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "api_token_hmac" ON "api_token"("hmac");

-- A role of a member or of a token, for the company (no tenant) or for one tenant. Revoking deletes the row; the record keeps it.
CREATE TABLE "access_grant" (
    "id" TEXT NOT NULL,
    "member_id" TEXT,
    "token_id" TEXT,
    "role" TEXT NOT NULL,
    "tenant_id" TEXT,
    "source" TEXT NOT NULL DEFAULT 'hand',
    "granted_by" TEXT NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "access_grant_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "access_grant_member" FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "access_grant_token" FOREIGN KEY ("token_id") REFERENCES "api_token"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "access_grant_tenant" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "access_grant_one_holder" CHECK (("member_id" IS NULL) <> ("token_id" IS NULL)),
    CONSTRAINT "access_grant_role_known" CHECK ("role" IN ('owner', 'admin', 'operator', 'finance', 'reviewer', 'tenant_admin', 'viewer')),
    CONSTRAINT "access_grant_source_known" CHECK ("source" IN ('hand', 'group')),
    CONSTRAINT "access_grant_reach" CHECK (("role" NOT IN ('owner', 'admin', 'operator', 'finance') OR "tenant_id" IS NULL)
        AND ("role" <> 'tenant_admin' OR "tenant_id" IS NOT NULL))
);
CREATE UNIQUE INDEX "access_grant_once" ON "access_grant"(COALESCE("member_id", "token_id"), "role", COALESCE("tenant_id", ''), "source");

CREATE TABLE "admin_session" (
    "id" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "member_id" TEXT NOT NULL,
    "signed_in_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "step_up_until" TIMESTAMPTZ(3) NOT NULL,
    "ip" TEXT,
    "user_agent" TEXT,

    CONSTRAINT "admin_session_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "admin_session_member" FOREIGN KEY ("member_id") REFERENCES "member"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "admin_session_way_known" CHECK ("signed_in_by" IN ('link', 'oidc'))
);
CREATE UNIQUE INDEX "admin_session_secret" ON "admin_session"("secret_hash");
CREATE INDEX "admin_session_of_member" ON "admin_session"("member_id", "created_at");

-- The record of changes: append-only, each row hashed over the one before (libs/tenancy/core/access/audit-entry.ts).
CREATE TABLE "audit_entry" (
    "sequence" BIGINT NOT NULL,
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "object_kind" TEXT NOT NULL,
    "object_id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "before" JSONB NOT NULL,
    "after" JSONB NOT NULL,
    "ip" TEXT,
    "user_agent" TEXT,
    "request_id" TEXT,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("sequence"),
    CONSTRAINT "audit_entry_actor_known" CHECK ("actor_kind" IN ('member', 'token', 'operator', 'terminal', 'system')),
    CONSTRAINT "audit_entry_by_somebody" CHECK (btrim("actor_id") <> '' AND btrim("actor_name") <> ''),
    CONSTRAINT "audit_entry_hash_shape" CHECK ("hash" ~ '^[0-9a-f]{64}$')
);
CREATE UNIQUE INDEX "audit_entry_id" ON "audit_entry"("id");
CREATE INDEX "audit_entry_object" ON "audit_entry"("object_kind", "object_id", "sequence");
CREATE INDEX "audit_entry_tenant" ON "audit_entry"("tenant_id", "sequence");
CREATE TRIGGER "audit_entry_append_only" BEFORE UPDATE OR DELETE ON "audit_entry" FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER "audit_entry_keep" BEFORE TRUNCATE ON "audit_entry" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The last link. Whoever records holds this row until the commit.
CREATE TABLE "audit_chain" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "sequence" BIGINT NOT NULL DEFAULT 0,
    "hash" TEXT NOT NULL DEFAULT repeat('0', 64),

    CONSTRAINT "audit_chain_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "audit_chain_one" CHECK ("id" = 1)
);
INSERT INTO "audit_chain" DEFAULT VALUES;
