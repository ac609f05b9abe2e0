-- Notices of sessions' own limits beside those of days and months: one for each session, limit and percentage, with the key
-- that opened it. A release before this reads and writes the others as before.
ALTER TABLE "budget_notice"
    ADD COLUMN "session_id" TEXT NOT NULL DEFAULT '',
    ADD COLUMN "key_id" TEXT,
    DROP CONSTRAINT "budget_notice_pkey",
    ADD CONSTRAINT "budget_notice_pkey" PRIMARY KEY ("tenant_id", "period_start", "period", "limit_amount", "percent", "session_id"),
    DROP CONSTRAINT "budget_notice_period_known",
    ADD CONSTRAINT "budget_notice_period_known" CHECK ("period" IN ('day', 'month', 'session')),
    ADD CONSTRAINT "budget_notice_names_its_session" CHECK (("period" = 'session') = ("session_id" <> ''));
