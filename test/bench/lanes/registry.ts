// All lanes, by name. An explicit list: adding one is one line.
import { direct, directTls } from './direct.js';
import type { Lane } from './lane.js';
import { nginx, nginxLargeBuffers, nginxTls } from './nginx.js';
import { nodePipe, wsCopy, wsParse } from './node-relay.js';
import { standalone, trunkline, trunklineTls } from './trunkline.js';

export const LANES: readonly Lane[] = [
  direct,
  nginx,
  trunkline,
  standalone,
  wsCopy,
  wsParse,
  nodePipe,
  nginxLargeBuffers,
  directTls,
  nginxTls,
  trunklineTls,
];

/** The lanes of a run, in order; an unknown name is an error that lists the known ones. */
export function lanesNamed(names: readonly string[]): Lane[] {
  return names.map((name) => {
    const lane = LANES.find((candidate) => candidate.name === name);
    if (!lane) throw new Error(`no lane "${name}"; lanes: ${LANES.map((known) => known.name).join(', ')}`);
    return lane;
  });
}
