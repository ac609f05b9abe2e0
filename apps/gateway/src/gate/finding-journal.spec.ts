import { trustedId } from '@trunkline/kernel';
import type { JournalPressure, ModerationFinding } from '@trunkline/metering';
import { parseModerationPolicy, type HookBinding } from '@trunkline/moderation';
import { termsHook } from '@trunkline/moderation/adapters/rules';
import { FAILURE_EVERY_MS, FindingJournal, FINDINGS_MAX } from './finding-journal.js';
import type { GateFinding, GatePolicy, UnjudgedWords } from './gate-ports.js';
import { LOGGED_MAX, VerdictLog } from './verdict-log.js';

const BINDING: HookBinding = {
  name: 'words',
  type: 'terms',
  hook: termsHook([{ text: 'x', category: 'word', wholeWord: false }]),
  kinds: [],
  deadlineMs: 100,
  onFailure: 'open',
  categories: {},
  otherwise: { atLeast: 0.5, action: 'block' },
  dryRun: false,
};
const CONTEXT = {
  sessionId: trustedId('ses', 'ses_a'),
  tenantId: trustedId('tnt', 'tnt_a'),
  keyId: trustedId('key', 'key_a'),
  replicaId: trustedId('rep', 'rep_a'),
  endUser: 'eu_a',
};

function policyOf(version: number, rest: object = {}): GatePolicy {
  const parsed = parseModerationPolicy({ version: 1, ...rest });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return { version, policy: parsed.value, bindings: [BINDING] };
}

function foundOf(word: Partial<GateFinding['word']> = {}, rest: Partial<GateFinding> = {}): GateFinding {
  const said = { binding: BINDING, action: 'block', findings: [], failure: null, reason: null, ...word } as const;
  return { word: said, kind: 'output_text', itemId: 'item_1', responseId: 'resp_1', excerpt: null, ...rest };
}

function journal() {
  const recorded: ModerationFinding[] = [];
  const unrecorded: string[] = [];
  const world = { nowMs: 1_000, pressure: 'ok' as JournalPressure };
  const findings = new FindingJournal({
    context: CONTEXT,
    mintId: () => trustedId('mfd', `mfd_${recorded.length}`),
    nowMs: () => world.nowMs,
    pressure: () => world.pressure,
    seal: (id, excerpt) => ({ sealed: `sealed ${id} ${excerpt.length}`, wrappedKey: 'wrapped' }),
    append: (finding) => recorded.push(finding),
    unrecorded: (why) => unrecorded.push(why),
  });
  const add = (found: GateFinding, policy: object = {}): void => findings.add(found, policyOf(7, policy));
  const addUnjudged = (words: UnjudgedWords): void => findings.addUnjudged(words, policyOf(7));
  return { add, addUnjudged, recorded, unrecorded, world };
}

describe('the journal of findings', () => {
  it('says who, what, by which hook and policy, and the highest score of each category', () => {
    const { add, recorded } = journal();
    const scores = [0.2, 0.9].map((score) => ({ category: 'hate', score, span: { start: 0, end: 3 } }));
    add(foundOf({ findings: [...scores, { category: 'violence', score: 0.5, span: null }] }));
    expect(recorded).toEqual([
      {
        ...CONTEXT,
        id: 'mfd_0',
        policyVersion: 7,
        itemId: 'item_1',
        responseId: 'resp_1',
        direction: 'output',
        contentKind: 'output_text',
        hook: 'words',
        hookType: 'terms',
        action: 'block',
        categories: [
          { category: 'hate', score: 0.9 },
          { category: 'violence', score: 0.5 },
        ],
        failure: null,
        dryRun: false,
        then: [],
        occurredAtMs: 1_000,
        content: null,
      },
    ]);
  });

  it('carries content sealed, only where the policy keeps it and somebody has to look', () => {
    const { add, recorded } = journal();
    const excerpt = 'the canary sings';
    const keeps = { content: { keepDays: 2, region: 'eu' } };
    add(foundOf({}, { excerpt }));
    add(foundOf({ action: 'redact' }, { excerpt }), keeps);
    add(foundOf({ failure: 'late' }, { excerpt }), keeps);
    add(foundOf({}, { excerpt }), keeps);
    const keepUntilMs = 1_000 + 2 * 86_400_000;
    const kept = (id: string) => ({ sealed: `sealed ${id} 16`, wrappedKey: 'wrapped', region: 'eu', keepUntilMs });
    expect(recorded.map((each) => each.content)).toEqual([null, null, kept('mfd_2'), kept('mfd_3')]);
    expect(JSON.stringify(recorded)).not.toContain('canary');
  });

  it('has nothing of what led to nothing', () => {
    const { add, recorded } = journal();
    add(foundOf({ action: 'pass', findings: [{ category: 'hate', score: 0.1, span: null }] }));
    expect(recorded).toEqual([]);
  });

  it('hears of a hook that is down once a minute, and of each piece that it kept back', () => {
    const { add, recorded, world } = journal();
    const down = foundOf({ action: 'pass', failure: 'late' });
    for (let i = 0; i < 100; i++) add(down);
    expect(recorded).toHaveLength(1);
    world.nowMs += FAILURE_EVERY_MS;
    add(down);
    expect(recorded).toHaveLength(2);
    const closed = foundOf({ action: 'block', failure: 'late' });
    add(closed);
    add(closed);
    expect(recorded).toHaveLength(4);
  });

  it('says which words were answered or taken out without a verdict, and why', () => {
    const { addUnjudged, recorded } = journal();
    const words = { itemId: 'item_a', why: 'not_transcribed', isBlocked: true } as const;
    addUnjudged(words);
    addUnjudged({ ...words, itemId: 'item_b', why: 'late' });
    const open = { itemId: 'item_c', why: 'late', isBlocked: false } as const;
    for (let i = 0; i < 10; i++) addUnjudged(open);
    expect(recorded.map(({ itemId, action, failure, hook }) => [itemId, action, failure, hook])).toEqual([
      ['item_a', 'block', 'not_transcribed', 'held answers'],
      ['item_b', 'block', 'late', 'held answers'],
      ['item_c', 'pass', 'late', 'held answers'],
    ]);
  });

  it('is bounded, and leaves the last room of the journal to the books', () => {
    const { add, recorded, unrecorded, world } = journal();
    world.pressure = 'refuse';
    add(foundOf());
    world.pressure = 'warn';
    for (let i = 0; i < FINDINGS_MAX + 5; i++) add(foundOf());
    expect(recorded).toHaveLength(FINDINGS_MAX);
    expect(unrecorded).toEqual(['journal_pressure', ...Array.from({ length: 5 }, () => 'session_limit')]);
  });
});

it('the log of verdicts says so many, and once that there are more', () => {
  const lines: unknown[] = [];
  const log = new VerdictLog(CONTEXT, { info: (fields: unknown) => void lines.push(fields) });
  for (let i = 0; i < LOGGED_MAX + 10; i += 1) log.add(foundOf());
  expect(lines).toHaveLength(LOGGED_MAX + 1);
  expect(lines[0]).toMatchObject({ event: 'moderation_verdict', name: 'words', reason: 'block output_text ' });
  expect(lines.at(-1)).toMatchObject({ event: 'moderation_verdicts_cut', session_id: 'ses_a', count: LOGGED_MAX });
});
