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
  /** @param startsAt where the text begins in what was said. */
  readonly find: (text: string, startsAt: number) => readonly Finding[];
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
        ? { action: null, findings: find(content.text, content.startsAt) }
        : inSlices(content, { longest, slice, find }, signal),
  };
}

async function inSlices(
  { text, startsAt }: Content,
  { longest, slice, find }: TextSearch,
  signal: AbortSignal,
): Promise<{ readonly action: null; readonly findings: readonly Finding[] }> {
  const findings = new Map<string, Finding>();
  for (let from = 0; from < text.length; from += slice) {
    signal.throwIfAborted();
    const begin = wholeCharacter(text, Math.max(0, from - longest));
    const end = wholeCharacter(text, from + slice + AHEAD);
    for (const { category, score, span } of find(text.slice(begin, end), startsAt + begin)) {
      if (span === null || begin + span.end <= from || begin + span.start >= from + slice) continue;
      const found = { start: begin + span.start, end: begin + span.end };
      findings.set(`${found.start} ${found.end} ${category}`, { category, score, span: found });
    }
    await otherTurn();
  }
  return { action: null, findings: [...findings.values()] };
}

function wholeCharacter(text: string, at: number): number {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 ? Math.max(0, at - 1) : at;
}
