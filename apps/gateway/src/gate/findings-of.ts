// What hooks said of an event, for whoever is told.
import type { Excerpts } from './excerpts.js';
import type { GateFinding } from './gate-ports.js';
import type { JudgedEvent } from './judge-event.js';

/** One of each word about each place. @param excerpts null: no content is kept. */
export function findingsOf(
  { event: { itemId, responseId }, heard }: JudgedEvent,
  excerpts: Pick<Excerpts, 'around'> | null,
): readonly GateFinding[] {
  return heard.map((each) => {
    const excerpt = excerpts?.around(each) ?? null;
    return { word: each.word, kind: each.place.piece.kind, itemId, responseId, excerpt };
  });
}
