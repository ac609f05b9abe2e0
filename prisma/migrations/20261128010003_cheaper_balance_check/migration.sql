-- The check of double entry as it was, in one query instead of two: it runs for every row at commit and was a fifth of what
-- posting costs.
CREATE OR REPLACE FUNCTION "check_ledger_transaction"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entries BIGINT;
    balance NUMERIC;
    lines BIGINT;
    charged NUMERIC;
BEGIN
    SELECT e."count", e."balance", l."count", l."charged" INTO entries, balance, lines, charged
      FROM (SELECT count(*), coalesce(sum("amount"), 0) AS "balance" FROM "ledger_entry" WHERE "transaction_id" = NEW."id") AS e,
           (SELECT count(*), coalesce(sum("amount"), 0) AS "charged" FROM "charge_line" WHERE "transaction_id" = NEW."id") AS l;
    IF NEW."usage_event_id" IS NULL AND lines = 0 THEN
        SELECT sign(NEW."total") * coalesce(sum("amount"), 0) INTO charged FROM "ledger_entry"
         WHERE "transaction_id" = NEW."id" AND "amount" > 0;
    END IF;
    IF entries < 2 OR balance <> 0 OR charged <> NEW."total" THEN
        RAISE EXCEPTION 'Ledger transaction % does not balance: % entries sum to %, lines to %, total is %.', NEW."id", entries, balance, charged, NEW."total"
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
