-- How many pieces each hook judged in a session, by what came of it: [{"hook": "words", "verdict": "pass", "dryRun": false, "pieces": 12}].
-- Null: nothing was judged, the session lives, or a release before this one ended it.
ALTER TABLE "session" ADD COLUMN "verdicts" JSONB;
