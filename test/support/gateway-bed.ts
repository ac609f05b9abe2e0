// A product with an upstream of its own in the test's process, so that the upstream's books outlive whatever is done to
// the product.
import { startSimulator, type Simulator, type SimulatorOptions } from '../../apps/simulator/index.js';
import { makeDataDir, removeDataDir, startProduct, type Product } from './product.js';

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
  stop(): Promise<void>;
}

/** Starts both. `flags` are added to every start of the product. */
export async function startBed(
  options: { readonly flags?: readonly string[]; readonly simulator?: SimulatorOptions['config'] } = {},
): Promise<GatewayBed> {
  const simulator = await startSimulator({ apiKeys: [UPSTREAM_KEY], config: options.simulator ?? {} });
  const dataDir = await makeDataDir();
  const upstream = ['--upstream-url', `${simulator.httpUrl}/v1`, '--upstream-key', UPSTREAM_KEY, '--drain-soft', '0s'];
  const start = () => startProduct({ dataDir, flags: [...upstream, ...(options.flags ?? [])] });
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
    stop: async () => {
      await product.stop();
      await simulator.close();
      await removeDataDir(dataDir);
    },
  };
}
