import { LineWatch } from '@trunkline/admission';
import { trustedId } from '@trunkline/kernel';
import type { EndCause } from '@trunkline/realtime';
import { settle, type EndedSession } from './settle.js';

/** Time that the test lets pass: waits end in their order, everything that they settle running in between. */
class Time {
  nowMs = 0;
  readonly #waits: { readonly atMs: number; readonly end: () => void }[] = [];
  readonly clock = { monotonicMs: () => this.nowMs };

  readonly wait = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      this.#waits.push({ atMs: this.nowMs + ms, end: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settled();
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.nowMs = next.atMs;
      next.end();
      await settled();
    }
    this.nowMs = untilMs;
  }

  #next(untilMs: number): { readonly atMs: number; readonly end: () => void } | undefined {
    const next = this.#waits.reduce((first, each) => (each.atMs < first.atMs ? each : first), NEVER);
    if (next.atMs > untilMs) return undefined;
    return this.#waits.splice(this.#waits.indexOf(next), 1)[0];
  }
}

const NEVER = { atMs: Infinity, end: () => undefined };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** How the peers behave, in milliseconds from when they are asked; Infinity: never. */
interface Peers {
  readonly answersFenceMs: number;
  readonly reportsMs: number;
  readonly closesUpstreamMs: number;
  readonly closesClientMs: number;
  /** Nothing was ever said or asked. */
  readonly silent: boolean;
  /** Steps that fail. */
  readonly failing: readonly string[];
}

const PROMPT: Peers = {
  answersFenceMs: 100,
  reportsMs: 200,
  closesUpstreamMs: 50,
  closesClientMs: 50,
  silent: false,
  failing: [],
};

const UNUSED = { frames: 0, bytes: 0, messages: 0, held: 0, bufferedBytesPeak: 0, pauses: 0, lastActivityMs: 0 };

/** A session that ended and is being settled, and what was done for it, each with its time. */
function settling(cause: EndCause, peers: Partial<Peers> = {}) {
  const how = { ...PROMPT, ...peers };
  const time = new Time();
  const line = new LineWatch({ clock: time.clock, wait: time.wait });
  const done: string[] = [];
  const note = (what: string): void => void done.push(`${time.nowMs} ${what}`);
  const step = async (what: string): Promise<void> => {
    note(what);
    if (how.failing.includes(what)) throw new Error('away');
  };
  const after = (ms: number, what: string): Promise<void> => time.wait(ms).then(() => note(what));
  let upstreamGone: () => void = () => undefined;
  const cut = new Promise<void>((resolve) => (upstreamGone = resolve));
  const live: EndedSession = {
    id: trustedId('ses', 'ses_s'),
    tenantId: trustedId('tnt', 'tnt_t'),
    gating: { gate: null },
    observer: { reportsOwed: () => (how.silent ? 0 : 1), stopSpending: 'stop', fence: 'fence' },
    owed: { fenced: () => after(how.answersFenceMs, 'fenced'), none: () => after(how.reportsMs, 'reported') },
    relay: {
      counters: {
        fromClient: { ...UNUSED, messages: how.silent ? 0 : 3, bytes: 30 },
        fromUpstream: { ...UNUSED, messages: 5, bytes: 50 },
      },
      sendUpstream: (text) => {
        note(`sent ${text}`);
        if (how.failing.includes(`sent ${text}`)) throw new Error('away');
        return true;
      },
      closeClient: (msMax: number) => {
        note('closing client');
        return after(Math.min(msMax, how.closesClientMs), 'client closed');
      },
      closeUpstream: (code: number) => {
        note(`closing upstream ${code}`);
        if (how.failing.includes('closing upstream')) return Promise.reject(new Error('away'));
        return Promise.race([after(how.closesUpstreamMs, 'upstream closed'), cut]);
      },
      cutUpstream: async () => {
        if (!done.some((each) => each.endsWith('upstream closed'))) note('upstream cut');
        upstreamGone();
      },
    },
  };
  const failed: string[] = [];
  const closed = settle(
    live,
    { cause, detail: null, peerClose: null, atMs: 0 },
    {
      tailMsMax: 10_000,
      closeMsMax: 2_000,
      line,
      nowMs: () => 1_000_000 + time.nowMs,
      openMs: () => 60_000 + time.nowMs,
      lineEnds: () => step('line ends'),
      releaseLease: () => step('released'),
      estimateOwed: () => step('estimated'),
      journalClosed: () => step('journalled'),
      stepFailed: (which) => void failed.push(which),
    },
  );
  return { time, line, done, failed, closed };
}

describe('a session that has ended', () => {
  it('is settled in one order: spending stops, the tail is read, the line is given back, then the books', async () => {
    const { time, done, closed } = settling('client_closed');
    await time.pass(20_000);
    expect(done).toEqual([
      '0 line ends',
      '0 sent stop',
      '0 sent fence',
      '0 closing client',
      '50 client closed',
      '100 fenced',
      '300 reported',
      '300 closing upstream 1000',
      '350 upstream closed',
      '350 released',
      '350 estimated',
      '350 journalled',
    ]);
    expect(await closed).toMatchObject({ endCause: 'client_closed', durationMs: 60_350, bytesFromClient: 30 });
  });

  it.each(['draining', 'key_revoked', 'max_duration'] as const)('by %s has its tail read as well', async (cause) => {
    const { time, done } = settling(cause);
    await time.pass(20_000);
    expect(done).toContain('300 reported');
    expect(done).toContain('350 released');
  });

  it('in which nothing was said is closed without a question', async () => {
    const { time, done } = settling('client_closed', { silent: true });
    await time.pass(20_000);
    expect(done).toEqual(expect.arrayContaining(['0 closing upstream 1000', '50 upstream closed', '50 released']));
    expect(done.filter((each) => each.includes('sent'))).toEqual([]);
  });

  it('with an upstream that is gone asks it nothing', async () => {
    const { time, done } = settling('upstream_lost');
    await time.pass(20_000);
    expect(done.filter((each) => each.includes('sent'))).toEqual([]);
    expect(done).toContain('50 released');
  });

  it('gives its line back although the upstream neither answers nor reports nor closes: after 14 s', async () => {
    const never = { answersFenceMs: Infinity, reportsMs: Infinity, closesUpstreamMs: Infinity };
    const { time, done } = settling('client_closed', never);
    await time.pass(30_000);
    expect(done.slice(-5)).toEqual([
      '12000 closing upstream 1000',
      '14000 upstream cut',
      '14000 released',
      '14000 estimated',
      '14000 journalled',
    ]);
  });

  it('gives its line back as soon as its upstream is closed, however slowly its client closes', async () => {
    const { time, done } = settling('client_closed', { closesClientMs: Infinity });
    await time.pass(30_000);
    expect(done.slice(-5)).toEqual([
      '350 upstream closed',
      '350 released',
      '2000 client closed',
      '2000 estimated',
      '2000 journalled',
    ]);
  });

  it('is settled to its end whichever steps fail', async () => {
    const failing = ['line ends', 'released', 'estimated', 'journalled'];
    const { time, done, failed } = settling('client_closed', { failing });
    await time.pass(20_000);
    expect(failed).toEqual(['say that the line ends', 'release lease', 'estimate what is owed', 'journal the end']);
    expect(done.at(-1)).toBe('350 journalled');
  });
});

describe('a session whose upstream cannot be asked or closed', () => {
  it.each(['sent stop', 'sent fence', 'closing upstream'])(
    'is off it before its line is given back: %s',
    async (step) => {
      const { time, done, failed } = settling('client_closed', { failing: [step] });
      await time.pass(20_000);
      expect(failed).toEqual(['close upstream']);
      expect(
        done.filter((each) => /upstream (cut|closed)|released/.test(each)).map((each) => each.split(' ', 2)),
      ).toEqual([
        [expect.any(String), 'upstream'],
        [expect.any(String), 'released'],
      ]);
      expect(done.at(-1)).toMatch(/journalled$/);
    },
  );
});

describe('a session whose line was lost', () => {
  const never = { answersFenceMs: Infinity, reportsMs: Infinity, closesUpstreamMs: Infinity };

  it('has its tail read while there is time', async () => {
    const { time, line, done } = settling('lease_lost');
    line.lose(2_250);
    await time.pass(20_000);
    expect(done).toEqual(expect.arrayContaining(['300 reported', '350 upstream closed', '350 released']));
  });

  it.each([
    ['neither answers nor reports', never],
    ['answers and does not report', { ...never, answersFenceMs: 100 }],
    ['reports and does not close', { ...never, answersFenceMs: 100, reportsMs: 200 }],
  ])('is off an upstream that %s when its line is gone', async (_, peers) => {
    const { time, line, done } = settling('lease_lost', peers);
    line.lose(2_250);
    await time.pass(20_000);
    const last = done.filter((each) => /upstream (cut|closed)|released/.test(each));
    expect(last).toEqual(['2250 upstream cut', '2250 released']);
  });

  it.each([
    [500, 2_750],
    [5_000, 7_250],
    [13_000, 14_000],
  ])('%d ms into its settlement is off the upstream when that line is gone', async (lostMs, goneMs) => {
    const { time, line, done } = settling('client_closed', never);
    await time.pass(lostMs);
    line.lose(2_250);
    await time.pass(20_000);
    expect(done).toEqual(expect.arrayContaining([`${goneMs} upstream cut`, `${goneMs} released`]));
  });

  it('is cut at once when its line is gone already', async () => {
    const { time, line, done } = settling('lease_lost', never);
    line.lose(0);
    await time.pass(20_000);
    expect(done).toEqual(expect.arrayContaining(['0 sent stop', '0 upstream cut', '0 released']));
  });
});
