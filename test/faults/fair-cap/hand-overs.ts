// How long a freed line takes to the client that waits for it: from the close of a session upstream, by the upstream's own
// books, to the `101` of a client that was waiting by then. While all lines are in use each close makes room for one opening,
// so the two are paired in their order. A line that is lost for a while (its gateway was killed) makes everybody behind it look
// late until it lapses: never early. So the figures are upper bounds.
import type { SessionRecord } from '../../../apps/simulator/books-records.js';

/** A call that was let in, by the id that the upstream gave its session. Epoch milliseconds. */
export interface LetIn {
  readonly askedAtMs: number;
  readonly heardAtMs: number;
}

/** What was measured, in milliseconds; null: nobody was handed a line. */
export interface HandOvers {
  readonly count: number;
  readonly msP50: number | null;
  readonly msP99: number | null;
  /** Of which until the upstream had taken the new session: the release, the hand-over and the dial. */
  readonly openedMsP50: number | null;
}

type Booked = Pick<SessionRecord, 'id' | 'openedAt' | 'closedAt' | 'refusal'>;

/** Pairs closes with openings and says how long waiting clients took to hear. */
export function handOvers(booked: readonly Booked[], letIn: ReadonlyMap<string, LetIn>): HandOvers {
  const sessions = booked.filter(({ refusal }) => refusal === null);
  const closes = sessions.flatMap(({ closedAt }) => closedAt ?? []).sort((a, b) => a - b);
  let next = 0;
  const [heard, opened]: [number[], number[]] = [[], []];
  for (const { id, openedAt } of [...sessions].sort((a, b) => a.openedAt - b.openedAt)) {
    const freedAtMs = closes[next];
    // The first ones find lines that nobody had before.
    if (freedAtMs === undefined || freedAtMs > openedAt) continue;
    next += 1;
    const call = letIn.get(id);
    if (call === undefined || call.askedAtMs >= freedAtMs) continue;
    heard.push(call.heardAtMs - freedAtMs);
    opened.push(openedAt - freedAtMs);
  }
  const [msP50, msP99] = [quantile(heard, 0.5), quantile(heard, 0.99)];
  return { count: heard.length, msP50, msP99, openedMsP50: quantile(opened, 0.5) };
}

function quantile(values: readonly number[], share: number): number | null {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? null;
}
