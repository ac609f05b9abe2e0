-- A counter that comes out of a backup counts again what it had counted: admission, which keeps the newest plan that anybody
-- brought, took the changes made after a restore for old ones. The time of a change is newer than all that came before,
-- in this database or in the one that was lost, and greater than any count; a clock that went back still counts on.
CREATE FUNCTION next_policy_version(version BIGINT) RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
    SELECT greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT)
$$;

CREATE OR REPLACE FUNCTION "raise_policy_version"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE "policy_version" SET "version" = next_policy_version("version") WHERE "id" = 1;
    RETURN NULL;
END;
$$;

CREATE OR REPLACE FUNCTION raise_policy_version_if_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM changed) THEN
        UPDATE "policy_version" SET "version" = next_policy_version("version") WHERE "id" = 1;
    END IF;
    RETURN NULL;
END $$;

-- Greater than all counts at once: whoever restores a backup from before this migration starts with it.
UPDATE "policy_version" SET "version" = next_policy_version("version") WHERE "id" = 1;
