// What changed on the board between two reads, field by field. Pure.
import type { BoardSession } from './read-board.js';

/** A session of which only what changed is told, and its id. */
export type BoardChange = Partial<BoardSession> & Pick<BoardSession, 'id'>;

/** What is different. */
export interface BoardChanges {
  /** New sessions whole, known ones by what changed. */
  readonly changed: readonly BoardChange[];
  /** Ids of sessions that are not on the board any more. */
  readonly gone: readonly string[];
}

/** What to tell somebody who knows `before`. */
export function boardChanges(
  before: ReadonlyMap<string, BoardSession>,
  after: ReadonlyMap<string, BoardSession>,
): BoardChanges {
  const changed = [...after.values()].flatMap((session): BoardChange[] => {
    const known = before.get(session.id);
    if (known === undefined) return [session];
    const fields = Object.entries(session).filter(([name, value]) => known[name as keyof BoardSession] !== value);
    return fields.length === 0 ? [] : [{ ...Object.fromEntries(fields), id: session.id }];
  });
  return { changed, gone: [...before.keys()].filter((id) => !after.has(id)) };
}
