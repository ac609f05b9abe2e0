-- Cost centres, what a closed month was called when it was first exported, and export runs; see prisma/schema/reporting.prisma.

CREATE TABLE "cost_centre" (
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "gl_account" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cost_centre_pkey" PRIMARY KEY ("code")
);

CREATE TABLE "cost_centre_assignment" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "tenant_id" TEXT NOT NULL,
    "key_id" TEXT,
    "code" TEXT,
    "effective_from" DATE NOT NULL,
    "actor" TEXT NOT NULL,
    "assigned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "cost_centre_assignment_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "cost_centre_assignment_code_fkey" FOREIGN KEY ("code") REFERENCES "cost_centre"("code") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "cost_centre_assignment_tenant" ON "cost_centre_assignment"("tenant_id", "effective_from");

CREATE TABLE "period_directory" (
    "tenant_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "directory" JSONB NOT NULL,
    "frozen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "period_directory_pkey" PRIMARY KEY ("tenant_id", "period")
);

CREATE TABLE "export_run" (
    "id" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "tenant_id" TEXT,
    "options" JSONB NOT NULL,
    "requested_by" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "schedule_id" TEXT,
    "status" TEXT NOT NULL DEFAULT 'queued',
    "progress_rows" BIGINT NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "problem" TEXT,
    "preliminary" BOOLEAN,
    "manifest" JSONB,
    "sha256" TEXT,
    "purged_at" TIMESTAMPTZ(3),

    CONSTRAINT "export_run_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "export_run_status_known" CHECK ("status" IN ('queued', 'running', 'done', 'failed')),
    CONSTRAINT "export_run_period_shape" CHECK ("period" ~ '^\d{4}-(0[1-9]|1[0-2])$'),
    CONSTRAINT "export_run_done_whole" CHECK ("status" <> 'done' OR ("manifest" IS NOT NULL AND "sha256" ~ '^[0-9a-f]{64}$'
        AND "finished_at" IS NOT NULL AND "preliminary" IS NOT NULL))
);
CREATE INDEX "export_run_requested" ON "export_run"("requested_at");
CREATE INDEX "export_run_waiting" ON "export_run"("requested_at") WHERE "status" IN ('queued', 'running');

CREATE TABLE "export_schedule" (
    "id" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "tenant_id" TEXT,
    "options" JSONB NOT NULL,
    "cadence" TEXT NOT NULL,
    "target" JSONB,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "export_schedule_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "export_schedule_cadence_known" CHECK ("cadence" IN ('daily', 'after_close'))
);

-- What a schedule has asked for so far: one run for each occasion, however many workers look.
CREATE TABLE "export_occasion" (
    "schedule_id" TEXT NOT NULL,
    "occasion" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,

    CONSTRAINT "export_occasion_pkey" PRIMARY KEY ("schedule_id", "occasion"),
    CONSTRAINT "export_occasion_schedule_fkey" FOREIGN KEY ("schedule_id") REFERENCES "export_schedule"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE "export_delivery" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY,
    "run_id" TEXT NOT NULL,
    "target" JSONB NOT NULL,
    "outcome" TEXT NOT NULL,
    "detail" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "export_delivery_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "export_delivery_outcome_known" CHECK ("outcome" IN ('delivered', 'failed')),
    CONSTRAINT "export_delivery_run_fkey" FOREIGN KEY ("run_id") REFERENCES "export_run"("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX "export_delivery_run" ON "export_delivery"("run_id");

DO $$
DECLARE kept TEXT;
BEGIN
    FOREACH kept IN ARRAY ARRAY['cost_centre_assignment', 'period_directory', 'export_occasion', 'export_delivery'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_append_only', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept || '_keep', kept);
    END LOOP;
END
$$;

-- What an export was, once it is done: only that its files were thrown away is added, once.
CREATE FUNCTION "guard_export_run"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD."status" = 'done' AND (OLD."purged_at" IS NOT NULL OR NEW."purged_at" IS NULL
        OR to_jsonb(OLD) - 'purged_at' <> to_jsonb(NEW) - 'purged_at')) THEN
        RAISE EXCEPTION 'The export run % is done and stays as it is: ask for another run.', OLD."id" USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "export_run_immutable" BEFORE UPDATE OR DELETE ON "export_run" FOR EACH ROW EXECUTE FUNCTION "guard_export_run"();
CREATE TRIGGER "export_run_keep" BEFORE TRUNCATE ON "export_run" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
