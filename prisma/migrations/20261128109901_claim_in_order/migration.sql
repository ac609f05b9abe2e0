-- The oldest of the queue for rating, locked. Read in the order of its index, whatever the statistics say: they are always
-- old for a queue, which is empty or long, and a planner that takes it for short sorts all of it for each batch. With 20,000
-- events behind that took 350 ms a batch, more than all the rest of posting, and grew with the queue.
CREATE FUNCTION "claim_usage"("most" INTEGER) RETURNS SETOF "usage_event" LANGUAGE sql VOLATILE
    SET enable_sort = off SET enable_incremental_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
    SELECT * FROM "usage_event" WHERE "rating_state" = 'pending' ORDER BY "occurred_at", "id" LIMIT "most"
       FOR UPDATE SKIP LOCKED
$$;
