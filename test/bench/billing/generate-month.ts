// A month of usage in the books, made by the server itself from a seed: events of several tenants and keys, spread over the
// days, each with a cost and a charge of four meters. Rows only, without the triggers that check each booking (they hold:
// charge and cost are quantity x price) and without a chain; for measuring what reads the books, never for what writes them.
import pg from 'pg';

/** What to make. */
export interface GeneratedMonth {
  readonly seed: number;
  readonly events: number;
  readonly tenants: number;
  readonly keysPerTenant: number;
  /** `2026-10`. */
  readonly period: string;
}

// Prices per million tokens that divide a million, so that no amount is rounded.
const PRICES = { input_text: 4, input_audio: 32, output_text: 16, output_audio: 64 };

/** Fills an empty, migrated database. Needs a superuser: it sets the triggers aside. */
export async function generateMonth(url: string, month: GeneratedMonth): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SET session_replication_role = replica`);
    await client.query(`SET work_mem = '128MB'`);
    await client.query('SELECT setseed($1)', [month.seed / 2 ** 31]);
    for (const [meter, price] of Object.entries(PRICES)) await client.query(priceSql(meter, price));
    for (const statement of eventSql(month)) await client.query(statement);
    await client.query('ANALYZE');
  } finally {
    await client.end();
  }
}

function priceSql(meter: string, price: number): string {
  return `INSERT INTO price_version (id, provider, model, meter, unit, price, per, effective_from, currency, service_tier,
                                     source, confidence)
          VALUES ('pv_${meter}', 'openai', 'gpt-realtime', '${meter}', 'tokens', ${price}, 1000000, '2025-01-01', 'USD',
                  'default', 'generated', 'high')`;
}

function eventSql({ events, tenants, keysPerTenant, period }: GeneratedMonth): readonly string[] {
  const id = (prefix: string, number: string): string => `'${prefix}_' || lpad((${number})::text, 26, '0')`;
  const amount = Object.entries(PRICES).map(([meter, price]) => `${meter} * ${price} / 1000000::numeric`);
  const purposes = `(VALUES ('tenant_charge', 0), ('provider_cost', 1)) AS p(purpose, side)`;
  return [
    `CREATE TEMP TABLE made AS
       SELECT n, ${id('tnt', `n % ${tenants}`)} AS tenant, ${id('key', `n % ${tenants * keysPerTenant}`)} AS key,
              '${period}-01'::timestamptz + random() * interval '27 days' AS at,
              (random() * 500)::int + 1 AS input_text, (random() * 3000)::int + 1 AS input_audio,
              (random() * 300)::int + 1 AS output_text, (random() * 2000)::int + 1 AS output_audio
         FROM generate_series(1, ${events}) AS n`,
    `INSERT INTO ledger_transaction (id, tenant_id, usage_event_id, purpose, session_id, key_id, pool_id, model, evidence,
            occurred_at, period, usage_period, currency, total, chain_sequence, chain_hash)
       SELECT ${id('txn', 'n * 2 + side')}, tenant, ${id('use', 'n')}, purpose, ${id('ses', 'n / 10')}, key, 'pool_1',
              'gpt-realtime', 'reported', at, '${period}', '${period}', 'USD', ${amount.join(' + ')}, n * 2 + side,
              repeat('0', 64)
         FROM made, ${purposes}`,
    `INSERT INTO charge_line (transaction_id, meter, quantity, price_version_id, amount)
       SELECT ${id('txn', 'n * 2 + side')}, m.meter, m.quantity, 'pv_' || m.meter, m.quantity * m.price / 1000000::numeric
         FROM made, ${purposes},
              LATERAL (VALUES ${Object.entries(PRICES)
                .map(([meter, price]) => `('${meter}', ${meter}, ${price})`)
                .join(', ')}) AS m(meter, quantity, price)`,
  ];
}
