-- The version of the tenant's moderation policy by which a client secret's session was judged; null: by none (also those of
-- the time before).
ALTER TABLE "client_secret" ADD COLUMN "judged_by" INTEGER;
