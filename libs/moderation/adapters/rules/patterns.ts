// Finds what patterns describe. The engine is RE2's algorithm in JavaScript: its time grows with the text and with nothing
// else, whatever somebody writes as a pattern and somebody else says to it. All patterns of a hook are asked in one pass.
import type { Finding, ModerationHook } from '@trunkline/moderation';
import { RE2JS, RE2JSException, RE2Set } from 're2js';
import { originSpan, plainText, writtenMax, type PlainText } from './plain-text.js';
import { textHook } from './text-hook.js';

/** A pattern and what it counts as. */
export interface Pattern {
  /** In RE2's syntax: no back-references, no look-ahead. */
  readonly pattern: string;
  /** What findings of it are called. */
  readonly category: string;
  /** Whether capitals are other letters than small ones. */
  readonly caseSensitive: boolean;
}

export const PATTERNS_MAX = 200;
/** The longest match that is found for certain where it lies over several pieces or slices, in UTF-16 code units. */
export const MATCH_LENGTH_MAX = 250;
// In instructions of the engine, what a pass costs per character at worst: of one pattern, and of all of a hook. A hundred
// patterns of some words each need 1,800.
const PATTERN_SIZE_MAX = 500;
const PROGRAM_SIZE_MAX = 2_500;
// What one turn of the event loop takes, in UTF-16 code units; less where each costs more.
const SLICE_MAX = 8_192;
const SLICE_MIN = 1_024;
const STEPS_PER_SLICE = 2_000_000;
// What the engine may remember of a set, to be fast: 2 MiB, for a gateway has many tenants.
const MEMORY_BYTES_MAX = 2 * 1024 * 1024;
// Matches of one pattern in one slice. A pattern can be made to look to the end of the text for each of its matches; so
// many are found one by one, and what follows counts as found too.
const MATCHES_MAX = 200;

interface Compiled extends Pattern {
  readonly program: RE2JS;
}

/** @throws RangeError that names the pattern which is none, or cannot be afforded. */
export function patternsHook(patterns: readonly Pattern[]): ModerationHook {
  const groups = [true, false].map((caseSensitive) => new PatternSet(compiled(patterns, caseSensitive)));
  const size = groups.reduce((sum, group) => sum + group.size, 0);
  if (size > PROGRAM_SIZE_MAX)
    throw new RangeError(`the patterns need ${size} steps per character, more than ${PROGRAM_SIZE_MAX}; simplify some`);
  const slice = Math.min(SLICE_MAX, Math.max(SLICE_MIN, Math.floor(STEPS_PER_SLICE / size)));
  return textHook({
    longest: writtenMax(MATCH_LENGTH_MAX),
    slice,
    find: (text, { startsAt }) =>
      groups.flatMap((group) => group.find(text)).filter(({ span }) => !isOfAnInventedBeginning(span, startsAt)),
  });
}

/** `^` matches where the text that is shown begins, which is the stream's beginning only at its start. */
function isOfAnInventedBeginning(span: Finding['span'], startsAt: number): boolean {
  return startsAt > 0 && span?.start === 0;
}

function compiled(patterns: readonly Pattern[], caseSensitive: boolean): readonly Compiled[] {
  if (patterns.length > PATTERNS_MAX) throw new RangeError(`${patterns.length} patterns are more than ${PATTERNS_MAX}`);
  return patterns
    .filter((each) => each.caseSensitive === caseSensitive)
    .map((each) => ({ ...each, program: programOf(each) }));
}

function programOf({ pattern, caseSensitive }: Pattern): RE2JS {
  const program = compileOrRefuse(pattern, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
  const size = program.programSize();
  if (size > PATTERN_SIZE_MAX)
    throw new RangeError(`the pattern ${pattern} needs ${size} steps per character, more than ${PATTERN_SIZE_MAX}`);
  if (program.test('')) throw new RangeError(`the pattern ${pattern} finds something in an empty text; make it longer`);
  return program;
}

function compileOrRefuse(pattern: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(pattern, flags);
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    throw new RangeError(`the pattern ${pattern} is refused: ${cause.message}`, { cause });
  }
}

/** Patterns that treat capitals alike. */
class PatternSet {
  private readonly set: RE2Set | null;
  /** Instructions of the engine. */
  readonly size: number;

  constructor(private readonly patterns: readonly Compiled[]) {
    const [first] = patterns;
    this.set = first === undefined ? null : new RE2Set(RE2Set.UNANCHORED, first.program.flags(), MEMORY_BYTES_MAX);
    for (const { pattern } of patterns) this.set?.add(pattern);
    this.set?.compile();
    this.size = patterns.reduce((sum, { program }) => sum + program.programSize(), 0);
  }

  find(text: string): Finding[] {
    const [first] = this.patterns;
    if (this.set === null || first === undefined) return [];
    const plain = plainText(text, first.caseSensitive ? 'as_written' : 'lower');
    const matching = new Set(this.set.match(plain.text));
    return this.patterns.filter((_each, i) => matching.has(i)).flatMap((each) => matchesOf(each, plain));
  }
}

function matchesOf({ program, category }: Compiled, plain: PlainText): Finding[] {
  const found: Finding[] = [];
  let [asked, last] = [0, 0];
  const matcher = program.matcher(plain.text);
  while (matcher.find()) {
    const [start, end, isLast] = [matcher.start(), matcher.end(), ++asked === MATCHES_MAX];
    const span = isLast ? originSpan(plain, last, plain.text.length) : originSpan(plain, start, end);
    if (end > start || isLast) found.push({ category, score: 1, span });
    if (isLast) break;
    last = end;
  }
  return found;
}
