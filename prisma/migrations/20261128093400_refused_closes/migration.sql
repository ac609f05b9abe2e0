-- Steps of closing a month that were refused, whoever took them: the command line ends before anybody could ask it for figures.
CREATE TABLE "period_close_refusal" (
    "id" BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "period_close_refusal_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "period_close_refusal_step_known" CHECK ("step" IN ('soft_close', 'ask', 'approve', 'single_person'))
);
