// Lanes for the small Node relays under `relays/`: reference shapes to compare the product with, and a check that this
// benchmark sees the differences it should. Guarantees default memory settings, as a user would run them.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CORE, forkPinned, stopProcess } from '../process/pinned.js';
import { Peer } from '../process/rpc.js';
import { GC_ON_SIGNAL, type Lane, localTarget } from './lane.js';

const RELAYS = join(dirname(fileURLToPath(import.meta.url)), '..', 'relays');

/** `ws` on both sides, messages forwarded unparsed. */
export const wsCopy: Lane = lane('ws-copy', 'ws to ws, unparsed', 'ws-relay.js', []);
/** `ws` on both sides, each message parsed and written again: what most gateways do. */
export const wsParse: Lane = lane('ws-parse', 'ws to ws, each message parsed and stringified', 'ws-relay.js', [
  'parse',
]);
/** Node's two sockets piped into each other; nothing is looked at. */
export const nodePipe: Lane = lane(
  'node-pipe',
  'two Node sockets piped together, nothing looked at',
  'pipe-relay.js',
  [],
);

function lane(name: string, about: string, script: string, args: string[]): Lane {
  return {
    name,
    about,
    isReference: true,
    start: async ({ upstream, core = CORE.proxy }) => {
      const child = await forkPinned(core, join(RELAYS, script), GC_ON_SIGNAL, [String(upstream.plain), ...args]);
      const port = await new Peer(child, name).call('port', null, z.number());
      return {
        target: localTarget(port),
        proxyPids: [child.pid ?? 0],
        asidePids: [],
        metricsUrl: null,
        collectGarbage: () => child.kill('SIGUSR2'),
        stop: () => stopProcess(child),
      };
    },
  };
}
