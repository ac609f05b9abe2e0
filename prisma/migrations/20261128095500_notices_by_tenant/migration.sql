-- What is due for one tenant, oldest first: notices are looked for by tenant, so that none waits behind another's.
CREATE INDEX "moderation_finding_to_do_of_tenant" ON "moderation_finding"("tenant_id", "recorded_at")
    WHERE cardinality("then_do") > 0;
