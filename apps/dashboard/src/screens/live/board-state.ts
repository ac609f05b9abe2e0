// What the live board knows, as a pure function of what the feed said. Rows that did not change stay the same objects, so that
// they are not drawn again.
import type { BoardMessage, BoardSession } from '../../api/types.js';

/** The board at a moment. */
export interface Board {
  /** Of the feed's last word. */
  readonly at: string;
  /** Open in all; more than the rows where there are too many. */
  readonly total: number;
  readonly sessions: ReadonlyMap<string, BoardSession>;
}

/** The board after a message; null where a delta came before any snapshot: then the feed has to begin anew. */
export function boardAfter(board: Board | null, message: BoardMessage): Board | null {
  const { at, total } = message;
  if (message.type === 'snapshot')
    return { at, total, sessions: new Map(message.sessions.map((one) => [one.id, one])) };
  if (board === null) return null;
  if (message.changed.length === 0 && message.gone.length === 0) return { ...board, at, total };
  const sessions = new Map(board.sessions);
  for (const id of message.gone) sessions.delete(id);
  for (const change of message.changed) {
    const next = { ...sessions.get(change.id), ...change };
    if (isWhole(next)) sessions.set(next.id, next);
  }
  return { at, total, sessions };
}

/** `0:07`, `3:12`, `1:02:07`. Clocks of two machines may differ: never below zero. */
export function ageOf(openedAt: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(openedAt)) / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

// A change of a row that was never told whole tells too little to show.
function isWhole(session: Partial<BoardSession>): session is BoardSession {
  return session.openedAt !== undefined && session.id !== undefined;
}
