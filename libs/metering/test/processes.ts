// Processes for tests, which all run in one.
import type { Processes, ProcessIdentity } from '../adapters/spool/process-identity.js';

const ME: ProcessIdentity = { pid: 1, startTicks: '1', place: 'here', host: 'test' };

/** Every other process is dead, as after a kill or a power cut. */
export const eachProcessDead: Processes = { own: () => ME, livenessOf: () => 'dead' };

/** Processes with a set answer about every other one. */
export function othersAre(liveness: 'alive' | 'dead' | 'unknown', pid = 1): Processes {
  return { own: () => ({ ...ME, pid }), livenessOf: () => liveness };
}
