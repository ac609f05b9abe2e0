-- What a killed gateway leaves owed says why it was used, as its report would have; null from releases that did not say it.
ALTER TABLE "owed_usage" ADD COLUMN "caused_by" TEXT;

-- Few events have a cause of their own: an export finds them here, instead of reading every event of every month.
CREATE INDEX "usage_event_cause" ON "usage_event"("id") INCLUDE ("caused_by") WHERE "caused_by" IS NOT NULL;
