-- A tenant's range of time without the rest of the key: equal entries are stored once, so the index of three million hours
-- takes 24 MB beside the key's gigabyte, and a chart of 90 days reads a hundredth of the pages.
CREATE INDEX "usage_rollup_hour_tenant" ON "usage_rollup_hour"("tenant_id", "hour");
CREATE INDEX "usage_rollup_day_tenant" ON "usage_rollup_day"("tenant_id", "day");
