-- What the sessions of client secrets begin with is kept until their secret is over, and only so much of it for each key: a key that
-- mints as often as it may with as much as it may filled the database, in clear, for a month.
ALTER TABLE "client_secret" ADD COLUMN "session_bytes" INTEGER NOT NULL DEFAULT 0;
-- Rows of releases before this one, and of gateways that still run one.
CREATE FUNCTION client_secret_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."session_bytes" := octet_length(NEW."session"::text);
    RETURN NEW;
END $$;
CREATE TRIGGER "client_secret_bytes" BEFORE INSERT OR UPDATE OF "session" ON "client_secret"
    FOR EACH ROW EXECUTE FUNCTION client_secret_bytes();
UPDATE "client_secret" SET "session" = '{}' WHERE "expires_at" < now();
UPDATE "client_secret" SET "session" = "session" WHERE "expires_at" >= now();
CREATE INDEX "client_secret_key_open" ON "client_secret"("key_id", "expires_at") INCLUDE ("session_bytes");
CREATE INDEX "client_secret_spent" ON "client_secret"("expires_at") WHERE "session_bytes" > 2;
