import type { SessionRecord, Simulator } from '../../apps/simulator/index.js';

/** Sessions that are open at the upstream right now, by its own books. */
export function openSessions(simulator: Simulator): readonly SessionRecord[] {
  return simulator.books.list().filter((session) => session.closedAt === null && session.refusal === null);
}
