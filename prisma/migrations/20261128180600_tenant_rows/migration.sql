-- Tenants are kept apart by the database as well: what somebody whose roles are for single tenants asks for is read and written
-- as the role `trunkline_tenant` (libs/tenancy/adapters/prisma/tenant-rows.ts), which sees the rows of the tenants in the setting
-- `trunkline.tenants` and no others, and no table that is not named here. Nobody else is confined (ADR 130).

-- Can be run again, and is by each migration that makes a table with a column `tenant_id`: `SELECT protect_tenant_rows();`. Roles
-- belong to the whole server, and a managed server may forbid making one: then nothing is protected until an administrator has
-- made it and the owner of the tables has run this; the control plane says so when it starts.
CREATE FUNCTION protect_tenant_rows() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held RECORD;
    granted RECORD;
BEGIN
    IF current_setting('server_version_num')::int < 160000 THEN
        RAISE NOTICE 'Rows of tenants are not protected: that needs PostgreSQL 16, where a role can be taken without inheriting it.';
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_tenant') THEN
        BEGIN
            CREATE ROLE "trunkline_tenant" NOLOGIN NOINHERIT;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'No right to create the role trunkline_tenant; ask an administrator for it.';
                RETURN;
        END;
    END IF;

    FOR held IN
        SELECT c.relname AS name, CASE c.relname WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END AS whose
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
          AND (c.relname = 'tenant' OR EXISTS (
                SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
          AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'of_tenant')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', held.name);
        -- Whoever has the privilege; restrictive policies take away from it.
        EXECUTE format('CREATE POLICY "of_everybody" ON %I USING (true)', held.name);
        EXECUTE format('CREATE POLICY "of_tenant" ON %I AS RESTRICTIVE TO "trunkline_tenant" '
            'USING (%I = ANY (string_to_array(current_setting(''trunkline.tenants'', true), '','')))', held.name, held.whose);
    END LOOP;
    -- What belongs to a tenant by what it is a part of.
    FOR held IN
        SELECT * FROM (VALUES
            ('ledger_entry', 'account_id IN (SELECT id FROM ledger_account)'),
            ('charge_line', 'EXISTS (SELECT FROM ledger_transaction t WHERE t.id = transaction_id)'),
            ('cost_centre', 'code IN (SELECT code FROM cost_centre_assignment)')) AS part(name, whose)
        WHERE NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = part.name::regclass AND p.polname = 'of_tenant')
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', held.name);
        EXECUTE format('CREATE POLICY "of_everybody" ON %I USING (true)', held.name);
        EXECUTE format('CREATE POLICY "of_tenant" ON %I AS RESTRICTIVE TO "trunkline_tenant" USING (%s)', held.name, held.whose);
    END LOOP;

    EXECUTE format('GRANT USAGE ON SCHEMA %I TO "trunkline_tenant"', current_schema());
    FOR granted IN
        SELECT * FROM (VALUES
            -- Its own: read.
            ('SELECT', 'tenant, api_key, client_secret, pool_share, pool_key_share, session, session_end, usage_event, owed_usage, '
                'moderation_finding, moderation_content, moderation_content_key, review_item, review_event, '
                'ledger_account, ledger_transaction, ledger_entry, charge_line, accounting_period, '
                'usage_rollup_hour, usage_rollup_day, usage_rollup_month, tenant_rollup_hour, tenant_rollup_day, tenant_spend, '
                'budget_notice, cost_centre, cost_centre_assignment, period_directory'),
            -- Its own: changed. A row lock wants the right to change something.
            ('INSERT, UPDATE', 'api_key, client_secret, review_item'),
            ('INSERT', 'review_event'),
            ('INSERT, DELETE', 'session_end'),
            ('UPDATE, DELETE', 'pool_key_share'),
            ('UPDATE (updated_at)', 'tenant'),
            -- The company's, that its people are told of; and the number that gateways look at, which each change raises.
            ('SELECT', 'pool, gateway_replica, price_version, company, period_company, period_cost_centre'),
            ('SELECT, UPDATE', 'policy_version')) AS listed(rights, tables)
    LOOP
        EXECUTE format('GRANT %s ON %s TO "trunkline_tenant"', granted.rights, granted.tables);
    END LOOP;
    GRANT USAGE ON SEQUENCE "row_version", "session_end_id_seq" TO "trunkline_tenant";

    -- Taken for a transaction, never inherited: whoever inherited it would be confined always.
    BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'trunkline_app') THEN
            GRANT "trunkline_tenant" TO "trunkline_app" WITH INHERIT FALSE, SET TRUE;
        END IF;
        IF NOT pg_has_role('trunkline_tenant', 'SET') THEN
            EXECUTE format('GRANT "trunkline_tenant" TO %I WITH INHERIT FALSE, SET TRUE', current_user);
        END IF;
    EXCEPTION
        WHEN insufficient_privilege THEN RAISE NOTICE 'No right to grant the role trunkline_tenant; ask an administrator for it.';
    END;
END $$;

SELECT protect_tenant_rows();

-- Looks at the months of everybody, whoever asks.
ALTER FUNCTION is_month_passed(TEXT, TEXT) SECURITY DEFINER SET search_path FROM CURRENT;
