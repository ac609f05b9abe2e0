// What a fresh installation begins with: prices, a pool, a tenant and a key, so that the first call can be made at once.
// Everything here is idempotent: a second start finds what the first one made.
import { join } from 'node:path';
import type { Result, TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { readSecret, writeSecret } from '@trunkline/platform/secrets';
import { importPrices } from '@trunkline/rating/adapters/prisma';
import { readPriceSheets } from '@trunkline/rating/adapters/seed';
import {
  createKey,
  createTenant,
  ensurePool,
  findTenant,
  listKeys,
  listPools,
  type TenancyContext,
} from '@trunkline/tenancy/adapters/prisma';

/** Who may call now, and the file that holds the key for the tools beside this instance. */
export interface FirstTenant {
  readonly tenantId: TenantId;
  readonly apiKey: string;
  readonly apiKeyFile: string;
}

/** How to prepare an installation. */
export interface FirstRunOptions {
  readonly tenancy: TenancyContext;
  readonly secretsDir: string;
  readonly priceSheetsDir: string;
  /** Cap of the default pool and of the first tenant, when they are made. */
  readonly sessionsMax: number;
}

const SLUG = 'default';

/** Brings the installation to the state in which somebody can call. @throws Error that says what to do. */
export async function prepareFirstRun(options: FirstRunOptions): Promise<FirstTenant> {
  const { tenancy, sessionsMax } = options;
  await seedPrices(tenancy.db, options.priceSheetsDir);
  // Who has pools of another name may have removed this one.
  if ((await listPools(tenancy)).length === 0) expectDone(await ensurePool(tenancy, { slug: SLUG, sessionsMax }));
  const found = await findTenant(tenancy, SLUG);
  const tenant = found.ok
    ? found.value
    : expectDone(await createTenant(tenancy, { slug: SLUG, name: 'Default tenant', sessionsMax }));
  const apiKeyFile = join(options.secretsDir, 'first-api-key');
  const apiKey = await firstKey(tenancy, tenant.id, apiKeyFile);
  return { tenantId: tenant.id, apiKey, apiKeyFile };
}

// Keys are shown once and stored as HMAC; this one is kept in the data folder, for its owner only, so that `talk` works
// in another shell and scripts can start again. Delete the file once apps have keys of their own.
async function firstKey(tenancy: TenancyContext, tenantId: TenantId, file: string): Promise<string> {
  const kept = await readSecret(file);
  if (kept !== null) return kept;
  const number = (await listKeys(tenancy, tenantId)).length + 1;
  const { secret } = expectDone(await createKey(tenancy, tenantId, { name: `first key ${number}` }));
  await writeSecret(file, secret);
  return secret;
}

async function seedPrices(db: Database, dir: string): Promise<void> {
  const list = await readPriceSheets(dir);
  const imported = list.ok ? await importPrices(db, list.value) : list;
  if (!imported.ok) throw new Error(`the price sheets in ${dir} cannot be imported: ${imported.error.join('; ')}`);
}

function expectDone<T>(outcome: Result<T, { readonly message: string }>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`the installation could not be prepared: ${outcome.error.message}`);
}
