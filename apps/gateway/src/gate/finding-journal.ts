// Makes records of what a session's gate found, for the journal. Bounded: a hook that finds something in every word, or is
// down for an hour, must neither fill the spool nor the queue of the people who look at it. The books go first: when the
// journal is short of room, findings are counted and not recorded.
import { consequencesOf, directionOf, type SealedText } from '@trunkline/moderation';
import { reviewItemOf, type JournalPressure, type ModerationFinding } from '@trunkline/metering';
import type { GateFinding, GatePolicy, UnjudgedWords } from './gate-ports.js';

/** Whose findings they are. */
export type FindingContext = Pick<ModerationFinding, 'sessionId' | 'tenantId' | 'keyId' | 'replicaId' | 'endUser'>;

/** What the records are made with, and where they go. */
export interface FindingJournalPorts {
  readonly context: FindingContext;
  readonly mintId: () => ModerationFinding['id'];
  readonly nowMs: () => number;
  readonly pressure: () => JournalPressure;
  /** Seals an excerpt under the session's key. */
  readonly seal: (id: ModerationFinding['id'], excerpt: string) => SealedText;
  /** Never rejects. */
  readonly append: (finding: ModerationFinding) => void;
  /** A finding is not recorded; it was counted and logged like any other. */
  readonly unrecorded: (why: 'session_limit' | 'journal_pressure') => void;
}

/** A person who looks at a session sees enough in so many; a real one has a handful. */
export const FINDINGS_MAX = 1_000;
/** A hook that stays down says so once a minute. */
export const FAILURE_EVERY_MS = 60_000;
/** In the place of a hook's name, where no hook was asked in time; none can be called so. */
const HELD_ANSWERS = 'held answers';
const DAY_MS = 86_400_000;
const CATEGORIES_MAX = 20;
const CATEGORY_CHARS_MAX = 100;
// Vendors' ids have some thirty characters; apps may choose those of items.
const ID_CHARS_MAX = 200;

/** The findings of one session. */
export class FindingJournal {
  private recorded = 0;
  /** By hook; bounded by the hooks of the session's policies. */
  private readonly failedAtMs = new Map<string, number>();

  constructor(private readonly ports: FindingJournalPorts) {}

  /** Records what hooks of a policy said. */
  add(found: GateFinding, by: GatePolicy): void {
    if (this.isOfNote(found)) this.record(this.recordOf(found, by), found.excerpt, by);
  }

  /** Records words that answers waited for and that got no verdict: transcribed too late, or not at all. */
  addUnjudged({ itemId, why, isBlocked }: UnjudgedWords, by: GatePolicy): void {
    if (!isBlocked && !this.isDue(HELD_ANSWERS)) return;
    this.record(
      {
        ...this.commonOf(by),
        ...{ itemId: idOf(itemId), responseId: null },
        ...{ direction: 'input', contentKind: 'input_transcript', hook: HELD_ANSWERS, hookType: 'held_answers' },
        ...{ action: isBlocked ? 'block' : 'pass', categories: [], failure: why, dryRun: false, then: [] },
      },
      null,
      by,
    );
  }

  private record(finding: ModerationFinding, excerpt: string | null, by: GatePolicy): void {
    if (this.recorded >= FINDINGS_MAX) return this.ports.unrecorded('session_limit');
    const pressure = this.ports.pressure();
    if (pressure === 'refuse' || pressure === 'full') return this.ports.unrecorded('journal_pressure');
    this.recorded += 1;
    this.ports.append({ ...finding, content: this.contentOf(finding, excerpt, by) });
  }

  // Kept for the people who look at it, and for nothing else.
  private contentOf(
    finding: ModerationFinding,
    excerpt: string | null,
    { policy: { content } }: GatePolicy,
  ): ModerationFinding['content'] {
    if (content === null || excerpt === null || reviewItemOf(finding) === null) return null;
    const keepUntilMs = finding.occurredAtMs + content.keepDays * DAY_MS;
    return { ...this.ports.seal(finding.id, excerpt), region: content.region, keepUntilMs };
  }

  private isOfNote({ word: { binding, action, failure } }: GateFinding): boolean {
    if (failure === null) return action !== 'pass';
    // Content that a failure kept from going on is a matter of record each time.
    if (action !== 'pass' && !binding.dryRun) return true;
    return this.isDue(binding.name);
  }

  private isDue(name: string): boolean {
    const nowMs = this.ports.nowMs();
    if (nowMs - (this.failedAtMs.get(name) ?? -Infinity) < FAILURE_EVERY_MS) return false;
    this.failedAtMs.set(name, nowMs);
    return true;
  }

  private commonOf({ version }: GatePolicy) {
    const { context, mintId, nowMs } = this.ports;
    return { ...context, id: mintId(), policyVersion: version, occurredAtMs: nowMs(), content: null };
  }

  private recordOf({ word, kind, itemId, responseId }: GateFinding, by: GatePolicy): ModerationFinding {
    const { binding, action, failure } = word;
    return {
      ...this.commonOf(by),
      itemId: idOf(itemId),
      responseId: idOf(responseId),
      direction: directionOf(kind),
      contentKind: kind,
      hook: binding.name,
      hookType: binding.type,
      action,
      categories: highestOf(word.findings),
      failure,
      dryRun: binding.dryRun,
      then: consequencesOf(by.policy, word),
    };
  }
}

function idOf(id: string | null): string | null {
  return id?.slice(0, ID_CHARS_MAX) ?? null;
}

/** The highest score of each category, the highest first. */
function highestOf(findings: GateFinding['word']['findings']): ModerationFinding['categories'] {
  const highest = new Map<string, number>();
  for (const { category, score } of findings) {
    const name = category.slice(0, CATEGORY_CHARS_MAX);
    // What a hook took from somewhere else may be any number.
    const held = Number.isFinite(score) ? Math.min(1, Math.max(0, score)) : 0;
    highest.set(name, Math.max(highest.get(name) ?? 0, held));
  }
  const sorted = [...highest].sort(([, a], [, b]) => b - a);
  return sorted.slice(0, CATEGORIES_MAX).map(([category, score]) => ({ category, score }));
}
