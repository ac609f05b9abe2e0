-- Alerts: what to look for, whom to tell, what fired, and what was told to whom. `tenant_id` says whose a row is: null, the company's.
CREATE TABLE "alert_channel" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    -- What may be shown of where it goes.
    "target" TEXT[] NOT NULL,
    -- Address and signing secret, under the installation's pepper.
    "secret_sealed" TEXT,
    "enabled" BOOLEAN NOT NULL,
    "version" BIGINT NOT NULL DEFAULT nextval('row_version'),

    CONSTRAINT "alert_channel_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "alert_channel_kind_known" CHECK ("kind" IN ('webhook', 'email', 'slack')),
    CONSTRAINT "alert_channel_sealed" CHECK (("kind" = 'email') = ("secret_sealed" IS NULL))
);
CREATE UNIQUE INDEX "alert_channel_name" ON "alert_channel"("tenant_id", "name") NULLS NOT DISTINCT;

CREATE TABLE "alert_rule" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "threshold" DOUBLE PRECISION NOT NULL,
    "for_ms" INTEGER NOT NULL,
    "severity" TEXT NOT NULL,
    "repeat_ms" BIGINT,
    "enabled" BOOLEAN NOT NULL,
    "channel_ids" TEXT[] NOT NULL,
    "version" BIGINT NOT NULL DEFAULT nextval('row_version'),

    CONSTRAINT "alert_rule_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "alert_rule_severity_known" CHECK ("severity" IN ('info', 'warning', 'critical'))
);
CREATE UNIQUE INDEX "alert_rule_name" ON "alert_rule"("tenant_id", "name") NULLS NOT DISTINCT;

-- One open row for each rule and cause, whoever evaluates; it stays, resolved, as history.
CREATE TABLE "alert" (
    "id" TEXT NOT NULL,
    "rule_id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "rule_name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "threshold" DOUBLE PRECISION NOT NULL,
    "cause" TEXT NOT NULL,
    -- The tenant that it is about.
    "cause_tenant_id" TEXT,
    "subject" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,
    "state" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "fired_at" TIMESTAMPTZ(3),
    "told_at" TIMESTAMPTZ(3),
    "well_since" TIMESTAMPTZ(3),
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "alert_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "alert_state_known" CHECK ("state" IN ('pending', 'firing', 'resolved')),
    CONSTRAINT "alert_fired" CHECK (("state" = 'pending') = ("fired_at" IS NULL)),
    CONSTRAINT "alert_resolved" CHECK (("state" = 'resolved') = ("resolved_at" IS NOT NULL))
);
CREATE UNIQUE INDEX "alert_open_once" ON "alert"("rule_id", "cause") WHERE "state" <> 'resolved';
CREATE INDEX "alert_newest" ON "alert"("fired_at" DESC, "id") WHERE "fired_at" IS NOT NULL;
CREATE INDEX "alert_of_tenant" ON "alert"("tenant_id", "fired_at" DESC) WHERE "fired_at" IS NOT NULL;
CREATE INDEX "alert_over" ON "alert"("resolved_at") WHERE "state" = 'resolved';

-- A message to a channel; its id is what receivers know a repeated one by.
CREATE TABLE "alert_delivery" (
    "id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "tenant_id" TEXT,
    "alert_id" TEXT,
    "event" TEXT NOT NULL,
    "message" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    -- From when on it is tried for a day: when it was made, or sent again by somebody.
    "tried_since" TIMESTAMPTZ(3) NOT NULL,
    -- The next try; while one is under way, when another worker may take it for lost.
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "alert_delivery_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "alert_delivery_state_known" CHECK ("state" IN ('waiting', 'sent', 'dead')),
    CONSTRAINT "alert_delivery_done" CHECK (("state" = 'waiting') = ("done_at" IS NULL))
);
CREATE INDEX "alert_delivery_waiting" ON "alert_delivery"("channel_id", "alert_id", "id") WHERE "state" = 'waiting';
CREATE INDEX "alert_delivery_due" ON "alert_delivery"("next_at") WHERE "state" = 'waiting';
CREATE INDEX "alert_delivery_of_tenant" ON "alert_delivery"("tenant_id", "id");
CREATE INDEX "alert_delivery_dead" ON "alert_delivery"("id") WHERE "state" = 'dead';
CREATE INDEX "alert_delivery_over" ON "alert_delivery"("done_at") WHERE "state" <> 'waiting';

CREATE TRIGGER "alert_channel_raises_row_version" BEFORE UPDATE ON "alert_channel" FOR EACH ROW EXECUTE FUNCTION "raise_row_version"();
CREATE TRIGGER "alert_rule_raises_row_version" BEFORE UPDATE ON "alert_rule" FOR EACH ROW EXECUTE FUNCTION "raise_row_version"();
DO $$
DECLARE
    administered TEXT;
BEGIN
    FOREACH administered IN ARRAY ARRAY['alert_channel', 'alert_rule', 'alert_delivery']
    LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW '
            'WHEN (current_setting(''trunkline.recording'', true) = ''on'') EXECUTE FUNCTION note_change()',
            administered || '_noted', administered);
    END LOOP;
END $$;

-- What every installation should hear of; whom to tell is for its people to say.
INSERT INTO "alert_rule" ("id", "name", "kind", "threshold", "for_ms", "severity", "enabled", "channel_ids") VALUES
    ('alr_00000000000000000000000001', 'budget-80', 'budget', 80, 0, 'warning', true, '{}'),
    ('alr_00000000000000000000000002', 'budget-used-up', 'budget', 100, 0, 'critical', true, '{}'),
    ('alr_00000000000000000000000003', 'cap-saturation', 'cap_saturation', 90, 300000, 'warning', true, '{}'),
    ('alr_00000000000000000000000004', 'reconciliation', 'reconciliation', 1, 0, 'critical', true, '{}'),
    ('alr_00000000000000000000000005', 'unpriced-model', 'unpriced_model', 1, 0, 'warning', true, '{}'),
    ('alr_00000000000000000000000006', 'ledger-lag', 'ledger_lag', 60, 300000, 'critical', true, '{}'),
    ('alr_00000000000000000000000007', 'moderation', 'moderation', 100, 0, 'warning', true, '{}');

-- A tenant's own people see to its rules and channels, and to what was not delivered.
ALTER FUNCTION protect_tenant_rows() RENAME TO protect_tenant_rows_without_alerts;
CREATE FUNCTION protect_tenant_rows() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM protect_tenant_rows_without_alerts();
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_tenant') THEN
        GRANT SELECT ON "alert" TO "trunkline_tenant";
        GRANT SELECT, INSERT, UPDATE, DELETE ON "alert_rule", "alert_channel" TO "trunkline_tenant";
        GRANT SELECT, INSERT, UPDATE ON "alert_delivery" TO "trunkline_tenant";
    END IF;
END $$;
SELECT protect_tenant_rows();
