-- A pool's line may be set to 1,000 calls and no more, for the time it costs Redis to look at it (docs/performance.md). The
-- checks allowed ten times as many, so that a row from before that bound, or one made by hand, passed it.
UPDATE "pool"
   SET "waiting_max" = least("waiting_max", 1000), "waiting_per_tenant_max" = least("waiting_per_tenant_max", 1000)
 WHERE "waiting_max" > 1000 OR "waiting_per_tenant_max" > 1000;
ALTER TABLE "pool"
    DROP CONSTRAINT "pool_waiting_max_in_range",
    DROP CONSTRAINT "pool_waiting_per_tenant_max_in_range",
    ADD CONSTRAINT "pool_waiting_max_in_range" CHECK ("waiting_max" BETWEEN 0 AND 1000),
    ADD CONSTRAINT "pool_waiting_per_tenant_max_in_range" CHECK ("waiting_per_tenant_max" BETWEEN 0 AND 1000);
