-- Why something was used that the app did not ask for: "policy" for transcriptions that a moderation policy needs.
ALTER TABLE "usage_event" ADD COLUMN "caused_by" TEXT;
