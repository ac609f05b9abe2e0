-- How long a call's app asked to wait for a line (`?wait_ms=`), for replaying it; null: it did not say, or an older release
-- wrote the row.
ALTER TABLE "session" ADD COLUMN "wait_asked_ms" INTEGER;
ALTER TABLE "refused_calls" ADD COLUMN "wait_asked_ms" INTEGER;
