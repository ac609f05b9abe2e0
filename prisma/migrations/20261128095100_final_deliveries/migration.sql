-- A schedule that exports months after their close met some before they were closed for everybody, and would never deliver
-- them again. Those occasions are forgotten, so that the final export comes once; the runs and deliveries stay on record.
ALTER TABLE "export_occasion" DISABLE TRIGGER "export_occasion_append_only";
DELETE FROM "export_occasion" o USING "export_run" r, "export_schedule" s
 WHERE r."id" = o."run_id" AND s."id" = o."schedule_id" AND s."cadence" = 'after_close' AND r."preliminary";
ALTER TABLE "export_occasion" ENABLE TRIGGER "export_occasion_append_only";
