-- Our books against the vendor's, day by day; see prisma/schema/reconciliation.prisma.
CREATE TABLE "reconciliation_source" (
    "pool_id" TEXT NOT NULL,
    "admin_key_sealed" TEXT,
    "project_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "api_key_ids" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reconciliation_source_pkey" PRIMARY KEY ("pool_id")
);

CREATE TABLE "reconciliation_run" (
    "id" TEXT NOT NULL,
    "pool_id" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "stage" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "compared" INTEGER NOT NULL,
    "equal" INTEGER NOT NULL,
    "unbooked" INTEGER NOT NULL,
    "ours_cost" DECIMAL(38,12) NOT NULL,
    "theirs_cost" DECIMAL(38,12),
    "unexplained" DECIMAL(38,12) NOT NULL,
    "alarming" BOOLEAN NOT NULL,
    "ran_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reconciliation_run_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "reconciliation_run_stage_known" CHECK ("stage" IN ('provisional', 'settling', 'final')),
    CONSTRAINT "reconciliation_run_trigger_known" CHECK ("trigger" IN ('schedule', 'manual'))
);
CREATE INDEX "reconciliation_run_day" ON "reconciliation_run"("day", "pool_id", "ran_at");
-- Two workers at six o'clock make one run.
CREATE UNIQUE INDEX "reconciliation_run_scheduled_once" ON "reconciliation_run"("pool_id", "day", "stage") WHERE "trigger" = 'schedule';

CREATE TABLE "reconciliation_difference" (
    "run_id" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "class" TEXT NOT NULL,
    "upstream_key_id" TEXT,
    "model" TEXT,
    "meter" TEXT,
    "line_item" TEXT,
    "ours" DECIMAL(38,6) NOT NULL,
    "estimated" DECIMAL(38,6) NOT NULL,
    "theirs" DECIMAL(38,6) NOT NULL,
    "difference" DECIMAL(38,6) NOT NULL,
    "amount" DECIMAL(38,12),

    CONSTRAINT "reconciliation_difference_pkey" PRIMARY KEY ("run_id", "line"),
    CONSTRAINT "reconciliation_difference_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "reconciliation_run"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "reconciliation_difference_class_known" CHECK ("class" IN ('timing', 'lost_usage', 'foreign_use',
        'missing_upstream', 'price', 'unknown_line_item', 'within_tolerance'))
);

CREATE TABLE "reconciliation_note" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "run_id" TEXT NOT NULL,
    "line" INTEGER,
    "actor" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "noted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reconciliation_note_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "reconciliation_note_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "reconciliation_run"("id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "reconciliation_note_says_something" CHECK (btrim("actor") <> '' AND btrim("text") <> '' AND length("text") <= 2000)
);
CREATE INDEX "reconciliation_note_run" ON "reconciliation_note"("run_id");

DO $$
DECLARE kept TEXT;
BEGIN
    FOREACH kept IN ARRAY ARRAY['reconciliation_run', 'reconciliation_difference', 'reconciliation_note'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_append_only', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept || '_keep', kept);
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
            EXECUTE format('REVOKE UPDATE, DELETE ON %I FROM trunkline_app', kept);
        END IF;
    END LOOP;
END
$$;
