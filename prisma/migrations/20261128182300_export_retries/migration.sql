-- Exports that failed are taken up again, so are those whose process died, and deliveries that did not arrive: the tables say
-- so, not the queue, which forgets a job after a few tries.
ALTER TABLE "export_run"
    -- Tries so far; also the fence: only the newest try may finish the run.
    ADD COLUMN "attempts" INTEGER NOT NULL DEFAULT 0,
    -- When the process that makes it was last heard of.
    ADD COLUMN "alive_at" TIMESTAMPTZ(3),
    -- False: made at a command line, where somebody waits for it; nobody takes it up again.
    ADD COLUMN "by_worker" BOOLEAN NOT NULL DEFAULT true;
-- What failed before this release was answered for by whoever asked.
UPDATE "export_run" SET "by_worker" = false WHERE "status" = 'failed' AND "schedule_id" IS NULL;

DROP INDEX "export_run_waiting";
CREATE INDEX "export_run_unfinished" ON "export_run"("requested_at") WHERE "status" <> 'done';
CREATE INDEX "export_run_deliverable" ON "export_run"("schedule_id") WHERE "status" = 'done' AND "purged_at" IS NULL AND "schedule_id" IS NOT NULL;
