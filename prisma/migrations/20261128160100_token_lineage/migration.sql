-- Who stands behind a token is handed down: the member, or the name at the terminal, that made the first of its line. Two-person
-- rules compare them. A token that another made ends with it, and with its member.
ALTER TABLE "member" ADD COLUMN "disabled_at" TIMESTAMPTZ(3);

ALTER TABLE "api_token" ADD COLUMN "parent_id" TEXT;
ALTER TABLE "api_token" ADD COLUMN "person" TEXT;
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_parent" FOREIGN KEY ("parent_id") REFERENCES "api_token"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;
CREATE INDEX "api_token_parent" ON "api_token"("parent_id");

-- Tokens made by tokens so far name their maker in "created_by".
UPDATE "api_token" AS child SET "parent_id" = parent."id"
FROM "api_token" AS parent WHERE child."member_id" IS NULL AND child."created_by" = parent."id";
WITH RECURSIVE "line" AS (
    SELECT "id", COALESCE("member_id", "created_by") AS "person" FROM "api_token" WHERE "parent_id" IS NULL
    UNION ALL
    SELECT child."id", "line"."person" FROM "api_token" AS child JOIN "line" ON child."parent_id" = "line"."id"
)
UPDATE "api_token" SET "person" = "line"."person" FROM "line" WHERE "line"."id" = "api_token"."id";
-- Releases before this one write none: their tokens stand for whoever made them.
CREATE FUNCTION api_token_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."person" := COALESCE(NEW."person", NEW."member_id", NEW."created_by");
    RETURN NEW;
END $$;
CREATE TRIGGER "api_token_person" BEFORE INSERT ON "api_token" FOR EACH ROW EXECUTE FUNCTION api_token_person();
ALTER TABLE "api_token" ALTER COLUMN "person" SET NOT NULL;
ALTER TABLE "api_token" ADD CONSTRAINT "api_token_somebodys" CHECK (btrim("person") <> '');
