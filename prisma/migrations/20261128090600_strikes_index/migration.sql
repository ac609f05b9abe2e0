-- Strikes are counted of end users of whom something new is recorded, every two seconds.
CREATE INDEX "moderation_finding_new_strikes" ON "moderation_finding"("tenant_id", "recorded_at")
    WHERE "end_user" IS NOT NULL AND "review_item_id" IS NOT NULL AND "action" IN ('block', 'end');
