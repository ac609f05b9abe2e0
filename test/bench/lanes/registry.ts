// All lanes, by name. An explicit list: adding one is one line.
import { direct, directTls } from './direct.js';
import type { Lane } from './lane.js';
import { nginx, nginxLargeBuffers, nginxTls } from './nginx.js';
import { nodePipe, wsCopy, wsParse } from './node-relay.js';
import { HOW_TO_GET_PORTKEY, PORTKEY, portkey } from './portkey.js';
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

/**
 * The lanes of a run, in order; an unknown name is an error that lists the known ones.
 * @param portkeyFolder where Portkey's gateway was installed; without it there is no such lane.
 */
export function lanesNamed(names: readonly string[], portkeyFolder?: string): Lane[] {
  const lanes = portkeyFolder === undefined ? LANES : [...LANES, portkey(portkeyFolder)];
  return names.map((name) => {
    const lane = lanes.find((candidate) => candidate.name === name);
    if (lane) return lane;
    if (name === PORTKEY) throw new Error(HOW_TO_GET_PORTKEY);
    throw new Error(`no lane "${name}"; lanes: ${lanes.map((known) => known.name).join(', ')}`);
  });
}
