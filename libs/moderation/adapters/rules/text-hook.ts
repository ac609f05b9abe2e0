// What hooks that look for something in texts have in common: what they see, and that a text too long for one turn of the event
// loop is judged in slices, so that no neighbour's audio waits for it. Slices overlap by as much as what is looked for may be
// long; what lies over two of them is found, and told once.
import { setImmediate as otherTurn } from 'node:timers/promises';
import type { Content, ContentKind, Finding, ModerationHook } from '@trunkline/moderation';

/** What looks for something. */
export interface TextSearch {
  /** The longest thing that is found for certain, in UTF-16 code units as it may be written. */
  readonly longest: number;
  /** Of a long text, what is searched in one turn of the event loop. */
  readonly slice: number;
  /** Absent: every kind of text. */
  readonly kinds?: readonly ContentKind[];
  readonly find: (text: string, place: TextPlace) => readonly Finding[];
}

/** Where a text stands in what was said. */
export interface TextPlace {
  /** Where it begins. */
  readonly startsAt: number;
  /** Whether nothing follows: until then, nobody knows whether its last word has ended. */
  readonly isEnd: boolean;
}

const TEXT_KINDS: readonly ContentKind[] = [
  'typed_text',
  'instructions',
  'tools',
  'input_transcript',
  'tool_result',
  'output_text',
  'tool_arguments',
];
// What follows a slice says whether a word ends with it: the next letter, behind characters that nobody sees.
const AHEAD = 72;

/** Makes a hook of it. */
export function textHook({ longest, slice, kinds = TEXT_KINDS, find }: TextSearch): ModerationHook {
  return {
    kinds,
    lookBack: longest,
    cadence: 'piece',
    inspect: (content, _context, signal) =>
      content.text.length <= slice + longest
        ? { action: null, findings: find(content.text, { startsAt: content.startsAt, isEnd: content.complete }) }
        : inSlices(content, { longest, slice, find }, signal),
  };
}

async function inSlices(
  { text, startsAt, complete }: Content,
  { longest, slice, find }: TextSearch,
  signal: AbortSignal,
): Promise<{ readonly action: null; readonly findings: readonly Finding[] }> {
  const findings = new Map<string, Finding>();
  for (let from = 0; from < text.length; from += slice) {
    signal.throwIfAborted();
    const begin = wholeCharacter(text, Math.max(0, from - longest));
    const end = wholeCharacter(text, from + slice + AHEAD);
    const place = { startsAt: startsAt + begin, isEnd: complete && end >= text.length };
    for (const { span, certainAt, ...found } of find(text.slice(begin, end), place)) {
      if (span === null || begin + span.end <= from || begin + span.start >= from + slice) continue;
      const moved = { start: begin + span.start, end: begin + span.end };
      const certain = certainAt === undefined ? {} : { certainAt: begin + certainAt };
      findings.set(`${moved.start} ${moved.end} ${found.category}`, { ...found, span: moved, ...certain });
    }
    await otherTurn();
  }
  return { action: null, findings: [...findings.values()] };
}

function wholeCharacter(text: string, at: number): number {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 ? Math.max(0, at - 1) : at;
}
