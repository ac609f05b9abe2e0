-- Whose account a use that is not reported yet is of. Releases before this column leave it null: then it is OpenAI's, as all
-- usage was to them.
ALTER TABLE "owed_usage" ADD COLUMN "vendor" TEXT;
