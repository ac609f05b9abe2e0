// Fault scripts: what goes wrong, where in a session, for whom. Guarantees that a fault fires at the scripted point
// and at most `times` times; leaves carrying it out to the handshake (before the 101) and the connection (after it).
import { z } from 'zod';

const matchSchema = z.strictObject({
  model: z.string().optional(),
  key: z.string().optional(),
  /** 0 is the first session accepted since start or since the last reset of the books. */
  sessionIndex: z.int().min(0).optional(),
});

const AT = [
  'connect',
  'after_session_created',
  'mid_response',
  'before_response_done',
  'after_n_events',
  'moderation',
] as const;
const ONLY_BY_HTTP = ['http_429', 'http_500', 'never_answer'];
const ONLY_AT_MODERATION = ['slow', 'garbage'];
const AT_MODERATION = [...ONLY_BY_HTTP, ...ONLY_AT_MODERATION, 'reset'];
const ONLY_AT_DONE = ['missing_usage', 'duplicate_response_done'];

/**
 * One scripted fault. `n` is the delta after which `mid_response` fires (default 1) or the number of server events
 * for `after_n_events`; `code` is the close code of `close` (default 1011).
 */
export const faultSchema = z
  .strictObject({
    match: matchSchema.default({}),
    at: z.enum(AT),
    action: z.enum([
      'stall',
      'reset',
      'half_close',
      'http_429',
      'http_500',
      'never_answer',
      'missing_usage',
      'duplicate_response_done',
      'close',
      'slow',
      'garbage',
    ]),
    code: z.int().min(1000).max(4999).optional(),
    n: z.int().min(1).optional(),
    /** Of `slow`: by how many milliseconds; a second when absent. */
    ms: z.int().min(0).optional(),
    /** How often it fires in all; unlimited when absent. */
    times: z.int().min(1).optional(),
  })
  .refine((fault) => !ONLY_BY_HTTP.includes(fault.action) || fault.at === 'connect' || fault.at === 'moderation', {
    message: 'http_429, http_500 and never_answer happen at "connect" and "moderation" only',
  })
  .refine((fault) => (fault.at === 'moderation' ? AT_MODERATION : [fault.action]).includes(fault.action), {
    message: `at "moderation" happen ${AT_MODERATION.join(', ')}`,
  })
  .refine((fault) => !ONLY_AT_MODERATION.includes(fault.action) || fault.at === 'moderation', {
    message: 'slow and garbage happen at "moderation" only',
  })
  .refine((fault) => !ONLY_AT_DONE.includes(fault.action) || fault.at === 'before_response_done', {
    message: 'missing_usage and duplicate_response_done happen at "before_response_done" only',
  })
  .refine((fault) => fault.at !== 'after_n_events' || fault.n !== undefined, {
    message: 'after_n_events needs n',
  });

export type Fault = z.output<typeof faultSchema>;
export type FaultPoint = Fault['at'];

/** Who is being matched. */
export interface FaultSubject {
  readonly model: string | null;
  readonly key: string | null;
  /** Null where there is no session. */
  readonly sessionIndex: number | null;
}

/** Counts how often each fault fired; a new configuration starts its faults afresh. */
export class FaultScript {
  readonly #faults: () => readonly Fault[];
  readonly #fired = new WeakMap<Fault, number>();

  constructor(faults: () => readonly Fault[]) {
    this.#faults = faults;
  }

  /** The fault that fires now, if any; `count` is the deltas or events so far where the point counts. */
  fire(at: FaultPoint, subject: FaultSubject, count = 0): Fault | null {
    for (const fault of this.#faults()) {
      if (fault.at !== at || !matches(fault, subject) || !due(fault, count)) continue;
      const fired = this.#fired.get(fault) ?? 0;
      if (fault.times !== undefined && fired >= fault.times) continue;
      this.#fired.set(fault, fired + 1);
      return fault;
    }
    return null;
  }
}

function due(fault: Fault, count: number): boolean {
  if (fault.at === 'mid_response') return count === (fault.n ?? 1);
  if (fault.at === 'after_n_events') return count === fault.n;
  return true;
}

function matches({ match }: Fault, subject: FaultSubject): boolean {
  return (
    (match.model === undefined || match.model === subject.model) &&
    (match.key === undefined || match.key === subject.key) &&
    (match.sessionIndex === undefined || match.sessionIndex === subject.sessionIndex)
  );
}
