-- A statement that changes no row raises no version: whoever revoked what was not there made every gateway load the policy anew.
CREATE FUNCTION raise_policy_version_if_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM changed) THEN
        UPDATE "policy_version" SET "version" = "version" + 1 WHERE "id" = 1;
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    of_policy TEXT;
    event TEXT;
BEGIN
    FOREACH of_policy IN ARRAY ARRAY['tenant', 'api_key', 'pool', 'pool_share', 'pool_key_share', 'refused_end_user', 'jwt_issuer']
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', of_policy || '_raises_policy_version', of_policy);
        EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION raise_policy_version()',
            of_policy || '_emptied_raises_policy_version', of_policy);
        FOREACH event IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE']
        LOOP
            EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I REFERENCING %s TABLE AS changed '
                'FOR EACH STATEMENT EXECUTE FUNCTION raise_policy_version_if_any()',
                of_policy || '_' || lower(event) || '_raises_policy_version', event, of_policy,
                CASE event WHEN 'DELETE' THEN 'OLD' ELSE 'NEW' END);
        END LOOP;
    END LOOP;
END $$;

DROP TRIGGER "client_secret_raises_policy_version" ON "client_secret";
CREATE TRIGGER "client_secret_raises_policy_version" AFTER UPDATE OF "revoked_at" ON "client_secret"
    FOR EACH ROW WHEN (OLD."revoked_at" IS DISTINCT FROM NEW."revoked_at") EXECUTE FUNCTION raise_policy_version();
