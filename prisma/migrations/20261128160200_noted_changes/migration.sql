-- What a recorded transaction changes, row by row, for the record: `audited` (libs/tenancy/adapters/prisma/audited.ts) switches
-- `trunkline.recording` on for its transaction and reads `trunkline.changes` at its end. For everybody else the condition of the
-- trigger is false, and costs a look-up.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    noted TEXT := COALESCE(current_setting('trunkline.changes', true), '');
    old_row JSONB := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
    new_row JSONB := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
    known JSONB := COALESCE(new_row, old_row);
    line JSONB;
BEGIN
    -- Enough for what a person does at once; `audited` says that there was more.
    IF length(noted) > 16000 THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF old_row = new_row THEN
            RETURN NULL;
        END IF;
        SELECT jsonb_object_agg(each.key, each.value) INTO old_row
        FROM jsonb_each(old_row) AS each WHERE each.value IS DISTINCT FROM new_row -> each.key;
        SELECT jsonb_object_agg(each.key, each.value) INTO new_row
        FROM jsonb_each(new_row) AS each WHERE old_row ? each.key;
    END IF;
    line := jsonb_build_object('table', TG_TABLE_NAME, 'id', known ->> 'id',
        'tenant', CASE WHEN TG_TABLE_NAME = 'tenant' THEN known ->> 'id' ELSE known ->> 'tenant_id' END);
    -- A row that is a book of its own is named only.
    IF length(COALESCE(old_row::text, '')) + length(COALESCE(new_row::text, '')) <= 8000 THEN
        line := line || jsonb_build_object('before', old_row, 'after', new_row);
    END IF;
    PERFORM set_config('trunkline.changes', noted || line::text || E'\n', true);
    RETURN NULL;
END $$;

DO $$
DECLARE
    administered TEXT;
BEGIN
    FOREACH administered IN ARRAY ARRAY[
        'tenant', 'api_key', 'client_secret', 'jwt_issuer', 'pool', 'pool_share', 'pool_key_share', 'refused_end_user',
        'member', 'access_grant', 'api_token', 'moderation_policy', 'review_item', 'moderation_erasure',
        'company', 'accounting_period', 'period_check', 'period_close_refusal', 'usage_release',
        'price_alias', 'price_plan', 'price_uplift', 'price_change_decision',
        'reconciliation_source', 'reconciliation_note', 'cost_centre', 'cost_centre_assignment', 'export_run', 'export_schedule']
    LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW '
            'WHEN (current_setting(''trunkline.recording'', true) = ''on'') EXECUTE FUNCTION note_change()',
            administered || '_noted', administered);
    END LOOP;
END $$;
