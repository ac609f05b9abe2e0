// Lines by session, and by each limit they count against, so that counting a limit does not walk everybody's lines.
// Guarantees that both views always agree. Bounded by whoever puts lines in.
import type { LimitScope, Limits } from '../../index.js';

interface LimitName {
  readonly scope: LimitScope;
  readonly id: string;
}

/** A map of lines with a second view by limit. */
export class LineIndex<Line> implements Iterable<[string, Line]> {
  readonly #bySession = new Map<string, Line>();
  readonly #byLimit = new Map<string, Set<Line>>();
  readonly #none: ReadonlySet<Line> = new Set<Line>();

  constructor(private readonly limitsOf: (line: Line) => Limits) {}

  /** Lines held. */
  get size(): number {
    return this.#bySession.size;
  }

  /** The line of a session. */
  get(sessionId: string): Line | undefined {
    return this.#bySession.get(sessionId);
  }

  /** Adds the line, in place of an older one of the same session. */
  put(sessionId: string, line: Line): void {
    this.remove(sessionId);
    this.#bySession.set(sessionId, line);
    for (const limit of this.limitsOf(line)) {
      const lines = this.#byLimit.get(nameOf(limit));
      if (lines) lines.add(line);
      else this.#byLimit.set(nameOf(limit), new Set([line]));
    }
  }

  /** Takes the session's line out; nothing happens when it has none. */
  remove(sessionId: string): void {
    const line = this.#bySession.get(sessionId);
    if (line === undefined) return;
    this.#bySession.delete(sessionId);
    for (const limit of this.limitsOf(line)) {
      const lines = this.#byLimit.get(nameOf(limit));
      lines?.delete(line);
      if (lines?.size === 0) this.#byLimit.delete(nameOf(limit));
    }
  }

  /** The lines that count against a limit. */
  countedBy(limit: LimitName): ReadonlySet<Line> {
    return this.#byLimit.get(nameOf(limit)) ?? this.#none;
  }

  /** Every session with its line; removing while iterating is safe. */
  [Symbol.iterator](): Iterator<[string, Line]> {
    return this.#bySession[Symbol.iterator]();
  }
}

function nameOf({ scope, id }: LimitName): string {
  return `${scope}:${id}`;
}
