// Looks for a text in everything that an installation keeps: all rows of all tables, every file of its data folder as bytes
// (spool, write-ahead log, jobs), Redis, the log and the metrics.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { layoutOf } from '@trunkline/platform/data-folder';
import { findEmbeddedPostgres } from '@trunkline/platform/embedded-postgres';
import pg from 'pg';
import type { Product } from './product.js';

/** Where a text was found, e.g. `table session`, or bytes, in files and Redis; empty when nowhere. */
export async function placesOf(
  sought: string | Buffer,
  product: Product,
  redisUrl: string,
): Promise<readonly string[]> {
  const bytes = Buffer.from(sought);
  if (bytes.length === 0) throw new Error('nothing is everywhere');
  const [files, redis] = await Promise.all([filesWith(bytes, product.dataDir), redisWith(bytes, redisUrl)]);
  return [...(typeof sought === 'string' ? await placesOfText(sought, product) : []), ...files, ...redis];
}

async function placesOfText(text: string, product: Product): Promise<readonly string[]> {
  const [tables, metrics] = await Promise.all([
    tablesWith(text, product.dataDir),
    fetch(product.ready.metricsUrl).then((response) => response.text()),
  ]);
  const holds = (whole: string): boolean => whole.toLowerCase().includes(text.toLowerCase());
  return [...tables, ...(holds(product.stderr()) ? ['the log'] : []), ...(holds(metrics) ? ['the metrics'] : [])];
}

async function tablesWith(text: string, dataDir: string): Promise<readonly string[]> {
  const { secretsDir, postgresDir } = layoutOf(dataDir);
  const password = (await readFile(join(secretsDir, 'postgres-password'), 'utf8')).trim();
  const url = await findEmbeddedPostgres(postgresDir, password);
  if (url === null) throw new Error('the embedded database is not running');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const found: string[] = [];
    for (const { name } of tables.rows) {
      const rows = await client.query(
        `SELECT 1 FROM ${name} AS row WHERE position(lower($1) in lower(row::text)) > 0 LIMIT 1`,
        [text],
      );
      if (rows.rowCount !== 0) found.push(`table ${name}`);
    }
    if (tables.rows.length < 20) throw new Error('these are not all tables');
    return found;
  } finally {
    await client.end();
  }
}

async function filesWith(wanted: Buffer, dataDir: string): Promise<readonly string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // The database may take a file away meanwhile.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    if (bytes.includes(wanted)) found.push(`file ${entry.name}`);
  }
  return found;
}

async function redisWith(wanted: Buffer, redisUrl: string): Promise<readonly string[]> {
  const redis = new Redis(redisUrl);
  try {
    // Values are dumped as they are.
    await redis.config('SET', 'rdbcompression', 'no');
    const found: string[] = [];
    for (const key of await redis.keys('*')) {
      const dumped = await redis.dumpBuffer(key);
      if (Buffer.from(key).includes(wanted) || dumped?.includes(wanted) === true) found.push(`redis ${key}`);
    }
    return found;
  } finally {
    redis.disconnect();
  }
}
