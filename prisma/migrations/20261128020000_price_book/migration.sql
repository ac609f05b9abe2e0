-- The price book with approval, tenants' own prices, markups and uplifts; see prisma/schema/prices.prisma for what each
-- column means. New columns have defaults that mean "as before". The release before this one goes on rating and posting
-- on it; what it can no longer do is add prices, for a price now arrives by an approved change only.

ALTER TABLE "usage_event" ADD COLUMN "service_tier" TEXT;

CREATE TABLE "price_change" (
    "id" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "authored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reason" TEXT NOT NULL,
    "correction" BOOLEAN NOT NULL,
    "content" JSONB NOT NULL,

    CONSTRAINT "price_change_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "price_change_says_who_and_why" CHECK ("author" <> '' AND "reason" <> '')
);
CREATE INDEX "price_change_time" ON "price_change"("authored_at");

CREATE TABLE "price_change_decision" (
    "change_id" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reason" TEXT,
    "single_person" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "price_change_decision_pkey" PRIMARY KEY ("change_id"),
    CONSTRAINT "price_change_decision_outcome_known" CHECK ("outcome" IN ('approved', 'rejected')),
    CONSTRAINT "price_change_decision_says_who" CHECK ("actor" <> ''),
    CONSTRAINT "price_change_decision_says_why_not" CHECK ("outcome" = 'approved' OR ("reason" IS NOT NULL AND "reason" <> ''))
);
ALTER TABLE "price_change_decision" ADD CONSTRAINT "price_change_decision_change_id_fkey" FOREIGN KEY ("change_id") REFERENCES "price_change"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

ALTER TABLE "price_version"
    ADD COLUMN "book" TEXT NOT NULL DEFAULT 'vendor',
    ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN "change_id" TEXT,
    ADD COLUMN "derived_from" TEXT,
    DROP CONSTRAINT "price_version_unit_known",
    ADD CONSTRAINT "price_version_unit_known" CHECK ("unit" IN ('tokens', 'seconds', 'minutes', 'characters', 'calls')),
    ADD CONSTRAINT "price_version_book_known" CHECK ("book" = 'vendor' OR "book" ~ '^tenant:tnt_[0-9a-z]{26}$'),
    ADD CONSTRAINT "price_version_revision_not_negative" CHECK ("revision" >= 0),
    ADD CONSTRAINT "price_version_one_origin" CHECK ("derived_from" IS NULL OR "change_id" IS NULL);
ALTER TABLE "price_version" ADD CONSTRAINT "price_version_change_id_fkey" FOREIGN KEY ("change_id") REFERENCES "price_change"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
ALTER TABLE "price_version" ADD CONSTRAINT "price_version_derived_from_fkey" FOREIGN KEY ("derived_from") REFERENCES "price_version"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

DROP INDEX "price_version_key";
CREATE UNIQUE INDEX "price_version_key" ON "price_version"("provider", "book", "model", "meter", "service_tier", "currency", "effective_from", "revision") WHERE "derived_from" IS NULL;

ALTER TABLE "price_alias" ADD COLUMN "change_id" TEXT;
ALTER TABLE "price_alias" ADD CONSTRAINT "price_alias_change_id_fkey" FOREIGN KEY ("change_id") REFERENCES "price_change"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE TABLE "price_plan" (
    "tenant_id" TEXT NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "markup_bps" INTEGER NOT NULL,
    "change_id" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_plan_pkey" PRIMARY KEY ("tenant_id", "effective_from", "revision"),
    CONSTRAINT "price_plan_markup_in_range" CHECK ("markup_bps" BETWEEN -10000 AND 100000),
    CONSTRAINT "price_plan_revision_not_negative" CHECK ("revision" >= 0)
);
ALTER TABLE "price_plan" ADD CONSTRAINT "price_plan_change_id_fkey" FOREIGN KEY ("change_id") REFERENCES "price_change"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

CREATE TABLE "price_uplift" (
    "scope" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "uplift_bps" INTEGER NOT NULL,
    "models" TEXT[] NOT NULL DEFAULT '{}',
    "change_id" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_uplift_pkey" PRIMARY KEY ("scope", "name", "effective_from", "revision"),
    CONSTRAINT "price_uplift_scope_known" CHECK ("scope" ~ '^(tenant:tnt|pool:pool)_[0-9a-z]{26}$'),
    CONSTRAINT "price_uplift_in_range" CHECK ("uplift_bps" BETWEEN 0 AND 100000),
    CONSTRAINT "price_uplift_revision_not_negative" CHECK ("revision" >= 0)
);
ALTER TABLE "price_uplift" ADD CONSTRAINT "price_uplift_change_id_fkey" FOREIGN KEY ("change_id") REFERENCES "price_change"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Two persons: who approves is not who wrote it, unless the decision says that one person did both.
CREATE FUNCTION "check_price_change_decision"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrote TEXT;
BEGIN
    SELECT "author" INTO wrote FROM "price_change" WHERE "id" = NEW."change_id";
    IF NEW."outcome" = 'approved' AND NEW."actor" = wrote AND NOT NEW."single_person" THEN
        RAISE EXCEPTION 'price change % was written by %, who cannot approve it as well', NEW."change_id", wrote
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER "price_change_two_persons" BEFORE INSERT ON "price_change_decision"
    FOR EACH ROW EXECUTE FUNCTION "check_price_change_decision"();

-- Nothing is priced without an approved change. A derived price (a markup over a version) is explained by that version.
CREATE FUNCTION "refuse_unapproved_price"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'price_version' AND to_jsonb(NEW)->>'derived_from' IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM "price_change_decision" WHERE "change_id" = NEW."change_id" AND "outcome" = 'approved') THEN
        RAISE EXCEPTION 'a row of % needs an approved price change: see `cli price draft` and `cli price approve`', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

DO $$
DECLARE books TEXT;
BEGIN
    FOREACH books IN ARRAY ARRAY['price_version', 'price_alias', 'price_plan', 'price_uplift'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION refuse_unapproved_price()', books || '_approved', books);
    END LOOP;
    FOREACH books IN ARRAY ARRAY['price_change', 'price_change_decision', 'price_plan', 'price_uplift'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', books || '_append_only', books);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', books || '_keep', books);
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
            EXECUTE format('REVOKE UPDATE, DELETE ON %I FROM trunkline_app', books);
        END IF;
    END LOOP;
END
$$;
