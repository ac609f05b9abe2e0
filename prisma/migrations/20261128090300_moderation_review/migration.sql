-- What moderation hooks found, and the queue of what people have to look at; see prisma/schema/moderation.prisma.

CREATE TABLE "moderation_finding" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "replica_id" TEXT NOT NULL,
    "review_item_id" TEXT,
    "end_user" TEXT,
    "policy_version" INTEGER NOT NULL,
    "item_id" TEXT,
    "response_id" TEXT,
    "direction" TEXT NOT NULL,
    "content_kind" TEXT NOT NULL,
    "hook" TEXT NOT NULL,
    "hook_type" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "categories" JSONB NOT NULL,
    "failure" TEXT,
    "dry_run" BOOLEAN NOT NULL,
    "then_do" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "moderation_finding_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "moderation_finding_direction_known" CHECK ("direction" IN ('input', 'output'))
);
CREATE INDEX "moderation_finding_tenant_time" ON "moderation_finding"("tenant_id", "occurred_at");
CREATE INDEX "moderation_finding_review_item" ON "moderation_finding"("review_item_id");
CREATE INDEX "moderation_finding_end_user" ON "moderation_finding"("tenant_id", "end_user", "occurred_at") WHERE "end_user" IS NOT NULL;
CREATE INDEX "moderation_finding_to_do" ON "moderation_finding"("recorded_at") WHERE cardinality("then_do") > 0;

CREATE TABLE "review_item" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "end_user" TEXT,
    "item_id" TEXT,
    "response_id" TEXT,
    "direction" TEXT NOT NULL,
    "content_kind" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "assignee" TEXT,
    "decision" TEXT,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "review_item_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "review_item_state_known" CHECK ("state" IN ('open', 'assigned', 'decided')),
    CONSTRAINT "review_item_decision_known" CHECK ("decision" IN ('uphold', 'dismiss', 'escalate')),
    CONSTRAINT "review_item_assigned_to_somebody" CHECK ("state" <> 'assigned' OR "assignee" IS NOT NULL),
    CONSTRAINT "review_item_decided_somehow" CHECK ("state" <> 'decided' OR ("decision" IN ('uphold', 'dismiss') AND "decided_at" IS NOT NULL))
);
CREATE INDEX "review_item_tenant_time" ON "review_item"("tenant_id", "opened_at", "id");
CREATE INDEX "review_item_waiting" ON "review_item"("opened_at") WHERE "state" <> 'decided';

-- What was found, and when, is not for reviewers to change.
CREATE FUNCTION "review_item_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'review_item: only state, assignee and decision change';
END
$$;
CREATE TRIGGER "review_item_keeps_what_it_is_about" BEFORE UPDATE ON "review_item" FOR EACH ROW
    WHEN ((OLD."id", OLD."tenant_id", OLD."session_id", OLD."key_id", OLD."end_user", OLD."item_id", OLD."response_id", OLD."direction", OLD."content_kind", OLD."opened_at")
        IS DISTINCT FROM (NEW."id", NEW."tenant_id", NEW."session_id", NEW."key_id", NEW."end_user", NEW."item_id", NEW."response_id", NEW."direction", NEW."content_kind", NEW."opened_at"))
    EXECUTE FUNCTION "review_item_refuse_change"();
CREATE TRIGGER "review_item_stays" BEFORE DELETE ON "review_item" FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE "review_event" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "review_item_id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "before" JSONB NOT NULL,
    "after" JSONB NOT NULL,
    "note" TEXT,

    CONSTRAINT "review_event_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "review_event_review_item_id_fkey" FOREIGN KEY ("review_item_id") REFERENCES "review_item"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "review_event_kind_known" CHECK ("kind" IN ('assign', 'decide', 'note', 'read')),
    CONSTRAINT "review_event_said_by_somebody" CHECK (btrim("actor") <> ''),
    CONSTRAINT "review_event_note_says_something" CHECK (btrim("note") <> '' AND length("note") <= 2000)
);
CREATE INDEX "review_event_review_item" ON "review_event"("review_item_id", "id");

DO $$
DECLARE kept TEXT;
BEGIN
    FOREACH kept IN ARRAY ARRAY['moderation_finding', 'review_event'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_append_only', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept || '_keep', kept);
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
            EXECUTE format('REVOKE UPDATE, DELETE ON %I FROM trunkline_app', kept);
        END IF;
    END LOOP;
END
$$;
