// A product with an upstream of its own in the test's process, so that the upstream's books outlive whatever is done to
// the product.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../apps/simulator/index.js';
import { eventually } from './poll.js';
import { makeDataDir, removeDataDir, runProgram, startProduct, type Product } from './product.js';
import { tryConnect } from './voice-client.js';

/** The key with which the product dials the simulator. */
export const UPSTREAM_KEY = 'sk-upstream';

/** A running pair. */
export interface GatewayBed {
  readonly simulator: Simulator;
  readonly dataDir: string;
  /** The product that runs now. */
  product(): Product;
  /** Starts the product again on the same data folder, after it was stopped or killed. */
  restart(): Promise<Product>;
  /** What an administrator's command prints. @throws Error with its words when it fails. */
  cli(...args: readonly string[]): Promise<Record<string, string>[]>;
  /** Sets a tenant's moderation policy; its format is added. */
  setPolicy(slug: string, policy: object): Promise<void>;
  /** The key of a new tenant with this moderation policy, both in force; null: without a policy. */
  keyUnder(slug: string, policy: object | null): Promise<string>;
  stop(): Promise<void>;
}

/** What beds may differ in. */
export interface BedOptions {
  /** Added to every start of the product. */
  readonly flags?: readonly string[];
  readonly simulator?: SimulatorOptions['config'];
  /** Absent: the product has a database of its own. */
  readonly databaseUrl?: string;
}

/** Starts both. */
export async function startBed(options: BedOptions = {}): Promise<GatewayBed> {
  const simulator = await startSimulator({ apiKeys: [UPSTREAM_KEY], config: options.simulator ?? {} });
  const dataDir = await makeDataDir();
  const upstream = ['--upstream-url', `${simulator.httpUrl}/v1`, '--upstream-key', UPSTREAM_KEY, '--drain-soft', '0s'];
  const database = options.databaseUrl === undefined ? [] : ['--database-url', options.databaseUrl];
  const start = () => startProduct({ dataDir, flags: [...upstream, ...database, ...(options.flags ?? [])] });
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-bed-'));
  let product = await start().catch(async (error: unknown) => {
    await simulator.close();
    await removeDataDir(dataDir);
    throw error;
  });
  return {
    simulator,
    dataDir,
    product: () => product,
    restart: async () => {
      product = await start();
      return product;
    },
    ...administrator(['--data-dir', dataDir, ...database], { folder, httpUrl: () => product.ready.httpUrl }),
    stop: async () => {
      await product.stop();
      await simulator.close();
      await removeDataDir(dataDir);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @param installation as flags. @param folder for files that are passed to commands. */
function administrator(
  installation: readonly string[],
  { folder, httpUrl }: { readonly folder: string; readonly httpUrl: () => string },
): Pick<GatewayBed, 'cli' | 'setPolicy' | 'keyUnder'> {
  const cli: GatewayBed['cli'] = async (...args) => {
    const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', ...installation]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, string>[];
  };
  const setPolicy: GatewayBed['setPolicy'] = async (slug, policy) => {
    const file = join(folder, `${slug}.json`);
    await writeFile(file, JSON.stringify({ version: 1, ...policy }));
    await cli('moderation', 'set', slug, '--file', file);
  };
  return {
    cli,
    setPolicy,
    keyUnder: async (slug, policy) => {
      await cli('tenant', 'create', '--name', slug, '--slug', slug);
      // In this order: a gateway that knows the key then knows the policy as well.
      if (policy !== null) await setPolicy(slug, policy);
      const [key] = await cli('key', 'create', '--tenant', slug, '--name', 'e2e');
      const apiKey = key?.['secret'] ?? '';
      const first = await eventually('the key is known', async () => {
        const outcome = await tryConnect(httpUrl(), { apiKey });
        return 'status' in outcome ? null : outcome;
      });
      await first.close();
      return apiKey;
    },
  };
}
