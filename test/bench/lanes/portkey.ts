// Portkey's gateway, the peer that goal R3 names: a Node program that a user downloads, started as its README says. It is
// no dependency of ours, so whoever wants the comparison installs it somewhere and tells the run where. Guarantees default
// memory settings and a sentence that says how to get it when it is not there.
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { CORE, spawnPinned, stopProcess } from '../process/pinned.js';
import { freePort } from './free-port.js';
import { GC_ON_SIGNAL, type Lane, type LaneContext, localTarget, REALTIME_PATH } from './lane.js';
import { untilListening } from './until-listening.js';

/** The version that the figures in docs/performance.md are of. */
const PACKAGE = '@portkey-ai/gateway@1.15.2';
const ENTRY = 'node_modules/@portkey-ai/gateway/build/start-server.js';

/** Its name on the command line and in tables. */
export const PORTKEY = 'portkey';

/** For whoever asks for the lane without having it. */
export const HOW_TO_GET_PORTKEY =
  `lane "${PORTKEY}" is a program that Trunkline does not contain: install it in an empty folder with ` +
  `\`npm i ${PACKAGE} --ignore-scripts\` and say --portkey <that folder>`;

/** The lane for a folder in which the gateway was installed. Its upstream's events are parsed, nothing is rewritten. */
export function portkey(folder: string): Lane {
  return {
    name: PORTKEY,
    about: `${PACKAGE}: ws to ws, the upstream's messages parsed`,
    isReference: true,
    start: async (context) => {
      const entry = join(folder, ENTRY);
      if (!existsSync(entry)) throw new Error(`there is no ${entry}; ${HOW_TO_GET_PORTKEY}`);
      const port = await freePort();
      const logs = join(context.workDir, PORTKEY);
      mkdirSync(logs, { recursive: true });
      const log = openSync(join(logs, 'output.log'), 'a');
      const child = spawnPinned({
        core: context.core ?? CORE.proxy,
        command: process.execPath,
        args: [...GC_ON_SIGNAL, entry, `--port=${port}`, '--headless'],
        stdio: ['ignore', log, log],
      });
      await untilListening(child, port, `${PORTKEY} did not start, see ${logs}; ${HOW_TO_GET_PORTKEY}`);
      return {
        // It takes the upstream's messages before it has somewhere to send them, and drops those. `handshakes`, which wait
        // for the first of them, therefore say nothing about it.
        target: { ...localTarget(port), headers: { 'x-portkey-config': routing(context) }, losesGreeting: true },
        proxyPids: [child.pid ?? 0],
        asidePids: [],
        metricsUrl: null,
        collectGarbage: () => child.kill('SIGUSR2'),
        stop: () => stopProcess(child),
      };
    },
  };
}

/**
 * Where it shall dial. Its `openai` provider always dials api.openai.com for a call, whatever the custom host; this
 * provider's dials the custom host with the key, and all that follows the dial is the same code for every provider.
 */
function routing({ upstream }: LaneContext): string {
  const url = `http://127.0.0.1:${upstream.plain}${REALTIME_PATH}`;
  return JSON.stringify({ provider: 'sambanova', api_key: 'sk-bench', custom_host: url });
}
