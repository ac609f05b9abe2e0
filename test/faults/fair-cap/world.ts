// Several gateways on one Redis and one PostgreSQL, many tenants with floors and weights, and an upstream whose own books
// count what is really open. Everything is real but the model.
import { randomBytes } from 'node:crypto';
import { startSimulator, type Simulator } from '../../../apps/simulator/index.js';
import { systemClock, type TenantId } from '@trunkline/kernel';
import { keyHasher, type Administered } from '@trunkline/tenancy';
import {
  createKey,
  createTenant,
  setShare,
  updatePool,
  updateTenant,
  type PoolContext,
} from '@trunkline/tenancy/adapters/prisma';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.js';
import {
  makeDataDir,
  removeDataDir,
  startGateway,
  startProduct,
  type GatewayReady,
  type Product,
} from '../../support/product.js';
import { startTestRedis, type TestRedis } from '../../support/redis.js';

const PEPPER = 'one-pepper-for-all-replicas-of-this-test';
const UPSTREAM_KEY = 'sk-upstream';
const POOL = 'default';
// What opens in an hour of the largest run.
const SESSIONS_MAX = 200_000;

/** A tenant of the world. */
export interface WorldTenant {
  readonly id: TenantId;
  readonly apiKey: string;
  readonly floor: number;
  readonly weight: number;
}

/** How large the world is. */
export interface WorldSize {
  readonly gateways: number;
  readonly cap: number;
  readonly tenants: number;
  /** So many of the first tenants have this floor. */
  readonly floors: { readonly tenants: number; readonly lines: number };
  /** How long a call may wait for a line. */
  readonly waitMs: number;
  readonly waitingMax: number;
  readonly leaseTtl: string;
}

/** A running world. */
export interface World {
  readonly size: WorldSize;
  readonly tenants: readonly WorldTenant[];
  readonly simulator: Simulator;
  readonly redis: TestRedis;
  /** The gateways that run now; a killed one is missing until it is back. */
  readonly gateways: Map<number, Product<GatewayReady>>;
  kill(index: number): Promise<void>;
  start(index: number): Promise<void>;
  /** Something that a fault started and that ends with the world. */
  stopsWith(stop: () => Promise<void>): void;
  stop(): Promise<void>;
}

/** Starts everything. */
export async function startWorld(size: WorldSize): Promise<World> {
  const [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  const simulator = await startSimulator({ apiKeys: [UPSTREAM_KEY], config: { books: { sessionsMax: SESSIONS_MAX } } });
  const flags = flagsOf({ postgres, redis, simulator, size });
  const dataDirs = await Promise.all(Array.from({ length: size.gateways + 1 }, makeDataDir));
  const dataDir = (i: number): string => dataDirs[i] ?? '';
  // Worker, API and the first tenant; no client of this world calls it.
  const product = await startProduct({ dataDir: dataDir(0), flags: [...flags, '--seed-caps', String(size.cap)] });
  const tenants = await makeTenants(postgres, size);
  const gateways = new Map<number, Product<GatewayReady>>();
  const start = async (i: number): Promise<void> => {
    gateways.set(i, await startGateway({ dataDir: dataDir(i + 1), flags }));
  };
  for (let i = 0; i < size.gateways; i++) await start(i);
  const more: (() => Promise<void>)[] = [];
  return {
    size,
    tenants,
    simulator,
    redis,
    gateways,
    start,
    kill: async (i) => {
      const gateway = gateways.get(i);
      gateways.delete(i);
      await gateway?.kill();
    },
    stopsWith: (stop) => void more.push(stop),
    stop: async () => {
      await Promise.all([product, ...gateways.values()].map((each) => each.stop()));
      await simulator.close();
      await Promise.all([redis.stop(), ...more.map((stop) => stop())]);
      await postgres.stop();
      await Promise.all(dataDirs.map(removeDataDir));
    },
  };
}

interface Stores {
  readonly postgres: TestPostgres;
  readonly redis: TestRedis;
  readonly simulator: Simulator;
  readonly size: WorldSize;
}

function flagsOf({ postgres, redis, simulator, size }: Stores): readonly string[] {
  const stores = ['--database-url', postgres.url, '--redis-url', redis.url, '--lease-ttl', size.leaseTtl];
  const upstream = ['--upstream-url', `${simulator.httpUrl}/v1`, '--upstream-key', UPSTREAM_KEY];
  return [...stores, ...upstream, '--key-pepper', PEPPER, '--drain-soft', '0s', '--log-level', 'warn'];
}

async function makeTenants({ db }: TestPostgres, size: WorldSize): Promise<readonly WorldTenant[]> {
  const hashKey = keyHasher(PEPPER);
  const context: PoolContext = { db, clock: systemClock, randomBytes, hashKey, sealUpstreamKey: () => '' };
  const line = { waitingMax: size.waitingMax, waitingPerTenantMax: size.waitingMax };
  await done(updatePool(context, POOL, { sessionsMax: size.cap, ...line }));
  const tenants: WorldTenant[] = [];
  for (let i = 0; i < size.tenants; i++) {
    const slug = `tenant-${i}`;
    const { id } = await done(createTenant(context, { slug, name: `Tenant ${i}` }));
    await done(updateTenant(context, id, { limits: { waitMsMax: size.waitMs } }));
    const floor = i < size.floors.tenants ? size.floors.lines : 0;
    const weight = 1 + (i % 4);
    await done(setShare(context, { tenantId: id, pool: POOL }, { floor, weight }));
    const { secret } = await done(createKey(context, id, { name: 'clients' }));
    tenants.push({ id, apiKey: secret, floor, weight });
  }
  return tenants;
}

async function done<T>(administered: Administered<T>): Promise<T> {
  const outcome = await administered;
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
}
