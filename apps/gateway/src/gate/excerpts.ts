// The excerpt around what was found, for the people who look at it, where a tenant's policy keeps content: just what is needed
// to judge, without personal data that has a form (cards, accounts, addresses). Keeps, of each stream, only as much as an
// excerpt needs; a session whose policy keeps nothing has none of this.
import { TextWindow } from '@trunkline/moderation';
import { redactPersonalData } from '@trunkline/moderation/adapters/rules';
import type { GatedPlace } from '@trunkline/providers';
import type { HeardWord } from './judge-event.js';

/** UTF-16 code units of an excerpt, about a minute of speech. */
export const EXCERPT_MAX = 1_000;
// On both sides more than the longest personal data that is looked for: what the cut parts is cut away with it.
const MARGIN = 400;

/** The excerpts of one session. */
export class Excerpts {
  private readonly window = new TextWindow(EXCERPT_MAX + MARGIN);

  /** What stands in an event goes by. */
  passed(places: readonly GatedPlace[]): void {
    for (const { piece } of places) if (piece.streamId !== null) this.window.add(piece.streamId, piece.text);
  }

  /** The excerpt around what a hook found; null for what is no text. */
  around({ word, place: { piece } }: HeardWord): string | null {
    if (piece.kind === 'image') return null;
    if (piece.streamId !== null) return lastOf(this.window.add(piece.streamId, '').text);
    const [found] = word.findings.flatMap(({ span }) => (span === null ? [] : [span]));
    const middle = found === undefined ? 0 : Math.floor((found.start + found.end) / 2);
    const from = Math.max(0, Math.min(middle - EXCERPT_MAX / 2, piece.text.length - EXCERPT_MAX));
    return cut(piece.text, from, from + EXCERPT_MAX);
  }
}

function lastOf(text: string): string {
  return cut(text, Math.max(0, text.length - EXCERPT_MAX), text.length);
}

/** What lies in between, without personal data. */
function cut(text: string, from: number, to: number): string {
  const [before, after] = [Math.min(from, MARGIN), Math.min(text.length - to, MARGIN)];
  const redacted = redactPersonalData(text.slice(from - before, to + Math.max(0, after)));
  // At the true ends nothing was parted, so nothing has to go.
  const head = before === MARGIN ? MARGIN : 0;
  const tail = after === MARGIN ? MARGIN : 0;
  return redacted.slice(head, redacted.length - tail).toWellFormed();
}
