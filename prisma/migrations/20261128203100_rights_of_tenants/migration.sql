-- What the role of tenants (20261128180600_tenant_rows) may do is a table, so that a migration adds to it what its tables need:
--   INSERT INTO tenant_role_right VALUES ('my_table', 'SELECT');
--   SELECT protect_tenant_rows();
-- and whoever makes the role later gives it all of that by the same call.
CREATE TABLE "tenant_role_right" (
    "name" TEXT NOT NULL,
    -- As GRANT reads them.
    "rights" TEXT NOT NULL,

    CONSTRAINT "tenant_role_right_pkey" PRIMARY KEY ("name", "rights")
);

INSERT INTO "tenant_role_right"
SELECT unnest(string_to_array(listed.tables, ', ')), listed.rights FROM (VALUES
    -- Its own: read.
    ('SELECT', 'tenant, api_key, client_secret, pool_share, pool_key_share, session, session_end, usage_event, owed_usage, '
        'moderation_finding, moderation_content, moderation_content_key, review_item, review_event, '
        'ledger_account, ledger_transaction, ledger_entry, charge_line, accounting_period, '
        'usage_rollup_hour, usage_rollup_day, usage_rollup_month, tenant_rollup_hour, tenant_rollup_day, tenant_spend, '
        'budget_notice, cost_centre, cost_centre_assignment, period_directory, alert_channel, alert_rule, alert, alert_delivery'),
    -- Its own: changed. A row lock wants the right to change something.
    ('INSERT, UPDATE', 'api_key, client_secret, review_item, alert_delivery'),
    ('INSERT, UPDATE, DELETE', 'alert_channel, alert_rule'),
    ('INSERT', 'review_event'),
    ('INSERT, DELETE', 'session_end'),
    ('UPDATE, DELETE', 'pool_key_share'),
    ('UPDATE (updated_at)', 'tenant'),
    -- The company's, that its people are told of; and the number that gateways look at, which each change raises.
    ('SELECT', 'pool, gateway_replica, price_version, company, period_company, period_cost_centre'),
    ('SELECT, UPDATE', 'policy_version')) AS listed(rights, tables);

CREATE OR REPLACE FUNCTION protect_tenant_rows() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held RECORD;
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
        SELECT c.relname AS name, format('%I = ANY (string_to_array(current_setting(''trunkline.tenants'', true), '',''))',
                   CASE c.relname WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END) AS whose
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
          AND (c.relname = 'tenant' OR EXISTS (
                SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
        -- What belongs to a tenant by what it is a part of.
        UNION ALL VALUES
            ('ledger_entry', 'account_id IN (SELECT id FROM ledger_account)'),
            ('charge_line', 'EXISTS (SELECT FROM ledger_transaction t WHERE t.id = transaction_id)'),
            ('cost_centre', 'code IN (SELECT code FROM cost_centre_assignment)')
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = held.name::regclass AND p.polname = 'of_tenant');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', held.name);
        -- Whoever has the privilege; restrictive policies take away from it.
        EXECUTE format('CREATE POLICY "of_everybody" ON %I USING (true)', held.name);
        EXECUTE format('CREATE POLICY "of_tenant" ON %I AS RESTRICTIVE TO "trunkline_tenant" USING (%s)', held.name, held.whose);
    END LOOP;

    EXECUTE format('GRANT USAGE ON SCHEMA %I TO "trunkline_tenant"', current_schema());
    FOR held IN SELECT "name", "rights" FROM "tenant_role_right" LOOP
        EXECUTE format('GRANT %s ON %I TO "trunkline_tenant"', held.rights, held.name);
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
