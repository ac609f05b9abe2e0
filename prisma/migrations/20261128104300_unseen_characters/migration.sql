-- Characters that nobody sees make no second person: the same rule as `isSamePerson` in libs/kernel/name.ts, with the code
-- points that Unicode calls default ignorable.
CREATE OR REPLACE FUNCTION "same_person"("a" TEXT, "b" TEXT) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (SELECT count(DISTINCT lower(btrim(regexp_replace(normalize(name, NFKC),
            '[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]',
            '', 'g'), E' \t\r\n'))) FROM unnest(ARRAY["a", "b"]) AS n(name)) = 1
$$;
