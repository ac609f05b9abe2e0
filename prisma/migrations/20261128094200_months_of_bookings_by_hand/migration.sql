-- Sums of a month hold what was booked by hand for it on any day: these rows of days are found here, and are few.
CREATE INDEX "usage_rollup_day_by_hand" ON "usage_rollup_day"("tenant_id", "usage_period") WHERE "evidence" = '';

-- Months were summed up without them. The first worker of this release sums up their hours again, and with them the months;
-- where a worker of an earlier release still runs and comes first, `rollup rebuild` does.
INSERT INTO "rollup_note" ("tenant_id", "hour")
SELECT DISTINCT "tenant_id", date_trunc('hour', "occurred_at", 'UTC') FROM "ledger_transaction"
 WHERE "usage_event_id" IS NULL AND "purpose" IN ('tenant_charge', 'provider_cost');
