-- Spending limits that were used to 50, 80 or 100 %, once for each limit and period: found in `tenant_spend`, told by whoever reads it.
CREATE TABLE "budget_notice" (
    "tenant_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "period_start" TIMESTAMPTZ(3) NOT NULL,
    "limit_amount" DECIMAL(38,12) NOT NULL,
    "percent" INTEGER NOT NULL,
    "spent" DECIMAL(38,12) NOT NULL,
    "noticed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "budget_notice_pkey" PRIMARY KEY ("tenant_id", "period_start", "period", "limit_amount", "percent"),
    CONSTRAINT "budget_notice_period_known" CHECK ("period" IN ('day', 'month')),
    CONSTRAINT "budget_notice_percent_known" CHECK ("percent" IN (50, 80, 100))
);
CREATE INDEX "budget_notice_newest" ON "budget_notice"("noticed_at");
