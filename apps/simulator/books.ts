// The simulator's own books: every session, response and transcription, with instants and tokens. The oracle that
// tests compare Trunkline with. Guarantees that totals and peaks count everything even after old sessions were
// dropped for memory; keeps no audio and no text. Times are epoch milliseconds.
import type {
  ClosedBy,
  ResponseRecord,
  ResponseStatus,
  SessionOpening,
  SessionRecord,
  TranscriptionRecord,
  TranscriptionUsage,
} from './books-records.js';
import { countsOfResponse, countsOfTranscription, UsageTally, type Counts, type UsedBy } from './organization/tally.js';
import type { ResponseUsage } from './tokens/usage.js';

/** Open sessions now or at the peak: the oracle for caps. */
interface OpenCounts {
  total: number;
  byModel: Record<string, number>;
  byKey: Record<string, number>;
}

interface Totals {
  responses: number;
  byStatus: Record<string, number>;
  /** Tokens of all responses whose response.done was sent with its usage. */
  tokensSent: Record<TokenClass, number>;
  transcriptions: number;
  transcriptionTokens: number;
  transcriptionSeconds: number;
}
type TokenClass =
  | 'input_text'
  | 'input_audio'
  | 'input_image'
  | 'cached_text'
  | 'cached_audio'
  | 'cached_image'
  | 'output_text'
  | 'output_audio';

/** Bounds of the books. */
export interface BooksBounds {
  readonly sessionsMax: number;
  readonly entriesPerSessionMax: number;
  /** Of each level of the account's sums. */
  readonly usageEntriesMax: number;
  /** Whether the account's sums count a response where it began or where it ended. */
  readonly countedAt: 'end' | 'start';
}

/** Keeps the records. One instance per simulator. */
export class Books {
  readonly #now: () => number;
  readonly #bounds: () => BooksBounds;
  #sessions = new Map<string, SessionRecord>();
  #open = emptyCounts();
  #peak = emptyCounts();
  #totals = emptyTotals();
  #opened = 0;
  #closed = 0;
  #refused = 0;
  #nextIndex = 0;
  #since: number;
  readonly #usage: UsageTally;

  constructor(now: () => number, bounds: () => BooksBounds) {
    this.#now = now;
    this.#bounds = bounds;
    this.#since = now();
    this.#usage = new UsageTally(() => bounds().usageEntriesMax);
  }

  /** Epoch milliseconds by the simulator's clock. */
  get now(): number {
    return this.#now();
  }

  /** What the account used, by minute: what it made, told to the client or not. Outlives the sessions' records. */
  used(): readonly UsedBy[] {
    return this.#usage.entries();
  }

  /** The number of the next session, from 0. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  get openNow(): Readonly<OpenCounts> {
    return this.#open;
  }

  /** Most sessions open at once so far. */
  get openMax(): Readonly<OpenCounts> {
    return this.#peak;
  }

  /** Enters an accepted session. */
  open(opening: SessionOpening): SessionRecord {
    const record = this.#enter(opening, null);
    this.#nextIndex += 1;
    this.#opened += 1;
    bump(this.#open, opening, 1);
    raise(this.#peak, this.#open, opening);
    return record;
  }

  /** Enters a refused connection. */
  refuse(opening: SessionOpening, refusal: string): SessionRecord {
    this.#refused += 1;
    return this.#enter(opening, refusal);
  }

  /** Closes a record; the first close wins. */
  close(record: SessionRecord, end: { code: number | null; reason: string | null; by: ClosedBy }): void {
    if (record.closedAt !== null) return;
    record.closedAt = this.#now();
    record.closeCode = end.code;
    record.closeReason = end.reason;
    record.closedBy = end.by;
    if (record.refusal !== null) return;
    this.#closed += 1;
    bump(this.#open, record, -1);
  }

  /** Starts a response's record. */
  response(session: SessionRecord, id: string, model: string, outOfBand: boolean): ResponseRecord {
    const record: ResponseRecord = {
      id,
      session: session.id,
      model,
      outOfBand,
      status: 'in_progress',
      reason: null,
      usage: null,
      usageSent: false,
      doneFramesSent: 0,
      createdAt: this.#now(),
      doneAt: null,
      doneSentAt: null,
      audioDeltas: 0,
      audioMs: 0,
      textDeltas: 0,
    };
    keep(session.responses, record, this.#bounds().entriesPerSessionMax);
    this.#totals.responses += 1;
    return record;
  }

  /** Ends a response. */
  finishResponse(record: ResponseRecord, status: ResponseStatus, reason: string | null, usage: ResponseUsage): void {
    record.status = status;
    record.reason = reason;
    record.usage = usage;
    record.doneAt = this.#now();
    this.#totals.byStatus[status] = (this.#totals.byStatus[status] ?? 0) + 1;
    const at = this.#bounds().countedAt === 'start' ? record.createdAt : record.doneAt;
    this.#use(record, at, countsOfResponse(usage));
  }

  /** Notes that response.done left for the client. */
  responseDoneSent(record: ResponseRecord, withUsage: boolean): void {
    record.doneFramesSent += 1;
    record.doneSentAt ??= this.#now();
    if (!withUsage || record.usageSent || record.usage === null) return;
    record.usageSent = true;
    addUsage(this.#totals.tokensSent, record.usage);
  }

  /** Starts a transcription's record. */
  transcription(session: SessionRecord, itemId: string, model: string): TranscriptionRecord {
    const record: TranscriptionRecord = {
      itemId,
      session: session.id,
      model,
      status: 'pending',
      usage: null,
      sentAt: null,
    };
    keep(session.transcriptions, record, this.#bounds().entriesPerSessionMax);
    return record;
  }

  /** Ends a transcription whose last event was sent. */
  finishTranscription(record: TranscriptionRecord, usage: TranscriptionUsage | null): void {
    record.status = usage === null ? 'failed' : 'completed';
    record.usage = usage;
    record.sentAt = this.#now();
    if (usage === null) return;
    this.#use(record, record.sentAt, countsOfTranscription(usage));
    this.#totals.transcriptions += 1;
    if (usage.type === 'tokens') this.#totals.transcriptionTokens += usage.total_tokens;
    else this.#totals.transcriptionSeconds += usage.seconds;
  }

  /** The sessions kept, oldest first, by filter. */
  list(filter: { session?: string; model?: string; key?: string } = {}): SessionRecord[] {
    const all = filter.session === undefined ? [...this.#sessions.values()] : this.#one(filter.session);
    return all.filter(
      (record) =>
        (filter.model === undefined || record.model === filter.model) &&
        (filter.key === undefined || record.key === filter.key),
    );
  }

  /** Counts since the last reset. */
  summary(): Record<string, unknown> {
    return {
      since: this.#since,
      now: this.#now(),
      sessions: { opened: this.#opened, closed: this.#closed, refused: this.#refused, kept: this.#sessions.size },
      openNow: copyCounts(this.#open),
      openMax: copyCounts(this.#peak),
      totals: structuredClone(this.#totals),
    };
  }

  /** Forgets everything; sessions that are open stay counted and keep their records. */
  reset(): void {
    const stillOpen = [...this.#sessions.values()].filter((record) => record.closedAt === null);
    this.#sessions = new Map(stillOpen.map((record) => [record.id, record]));
    this.#peak = copyCounts(this.#open);
    this.#totals = emptyTotals();
    this.#usage.reset();
    this.#opened = stillOpen.length;
    this.#closed = 0;
    this.#refused = 0;
    this.#nextIndex = 0;
    this.#since = this.#now();
  }

  /** Only open sessions respond, and those are never dropped, so the key is found. */
  #use({ session, model }: { readonly session: string; readonly model: string }, at: number, counts: Counts): void {
    this.#usage.add({ at, key: this.#sessions.get(session)?.key ?? null, model, counts });
  }

  #one(id: string): SessionRecord[] {
    const record = this.#sessions.get(id);
    return record === undefined ? [] : [record];
  }

  #enter(opening: SessionOpening, refusal: string | null): SessionRecord {
    const record: SessionRecord = {
      ...opening,
      openedAt: this.#now(),
      closedAt: null,
      closeCode: null,
      closeReason: null,
      closedBy: null,
      refusal,
      eventsIn: 0,
      eventsOut: 0,
      audioInMs: 0,
      responses: [],
      transcriptions: [],
    };
    this.#sessions.set(record.id, record);
    this.#dropOldest();
    return record;
  }

  /** Drops the oldest closed session; an open one stays whatever the bound, for its close must be counted. */
  #dropOldest(): void {
    if (this.#sessions.size <= this.#bounds().sessionsMax) return;
    for (const [id, record] of this.#sessions) {
      if (record.closedAt === null) continue;
      this.#sessions.delete(id);
      return;
    }
  }
}

function keep<T>(list: T[], entry: T, max: number): void {
  list.push(entry);
  if (list.length > max) list.shift();
}

function bump(counts: OpenCounts, { model, key }: { model: string | null; key: string | null }, by: number): void {
  counts.total += by;
  if (model !== null) counts.byModel[model] = (counts.byModel[model] ?? 0) + by;
  if (key !== null) counts.byKey[key] = (counts.byKey[key] ?? 0) + by;
}

function raise(peak: OpenCounts, open: OpenCounts, { model, key }: SessionOpening): void {
  peak.total = Math.max(peak.total, open.total);
  if (model !== null) peak.byModel[model] = Math.max(peak.byModel[model] ?? 0, open.byModel[model] ?? 0);
  if (key !== null) peak.byKey[key] = Math.max(peak.byKey[key] ?? 0, open.byKey[key] ?? 0);
}

function addUsage(totals: Record<TokenClass, number>, usage: ResponseUsage): void {
  const { input_token_details: input, output_token_details: output } = usage;
  totals.input_text += input.text_tokens;
  totals.input_audio += input.audio_tokens;
  totals.input_image += input.image_tokens;
  totals.cached_text += input.cached_tokens_details.text_tokens;
  totals.cached_audio += input.cached_tokens_details.audio_tokens;
  totals.cached_image += input.cached_tokens_details.image_tokens;
  totals.output_text += output.text_tokens;
  totals.output_audio += output.audio_tokens;
}

function emptyCounts(): OpenCounts {
  return { total: 0, byModel: {}, byKey: {} };
}

function copyCounts(counts: OpenCounts): OpenCounts {
  return { total: counts.total, byModel: { ...counts.byModel }, byKey: { ...counts.byKey } };
}

function emptyTotals(): Totals {
  return {
    responses: 0,
    byStatus: {},
    tokensSent: {
      input_text: 0,
      input_audio: 0,
      input_image: 0,
      cached_text: 0,
      cached_audio: 0,
      cached_image: 0,
      output_text: 0,
      output_audio: 0,
    },
    transcriptions: 0,
    transcriptionTokens: 0,
    transcriptionSeconds: 0,
  };
}
