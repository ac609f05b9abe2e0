-- Somebody lets a worker begin again with an export: the tries until then do not count any more. The number of a try goes on,
-- for it is the fence: a process that was taken for dead must not come back under the number of a new one.
ALTER TABLE "export_run" ADD COLUMN "forgiven" INTEGER NOT NULL DEFAULT 0;
