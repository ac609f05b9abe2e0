import { DelayLine, type DelayedMessage } from './delay-line.js';

const message = (text: string, responseId = 'r1', rest: string | null = null): DelayedMessage => ({
  payload: Buffer.from(text),
  event: {
    type: 'response.done',
    responseId,
    items: [],
    isOurs: false,
    isCall: false,
    isAside: false,
    isCancelled: false,
    audioBytes: 0,
    rest: rest === null ? null : Buffer.from(rest),
  },
  mustWait: () => false,
});

function lineOf(delayMs: number) {
  const sent: string[] = [];
  let nowMs = 0;
  let timer: { readonly atMs: number; readonly expired: () => void } | null = null;
  const line = new DelayLine(() => delayMs, {
    nowMs: () => nowMs,
    startTimer: (afterMs, expired) => {
      timer = { atMs: nowMs + afterMs, expired };
      return () => (timer = null);
    },
    send: (payload) => sent.push(payload.toString()),
  });
  const pass = (ms: number): void => {
    const untilMs = nowMs + ms;
    while (timer !== null && timer.atMs <= untilMs) {
      const { atMs, expired }: { readonly atMs: number; readonly expired: () => void } = timer;
      nowMs = atMs;
      timer = null;
      expired();
    }
    nowMs = untilMs;
  };
  return { line, sent, pass, isTimed: () => timer !== null };
}

describe('a delay line', () => {
  it('lets messages go in order, each after its time', () => {
    const { line, sent, pass } = lineOf(500);
    void line.add(message('a'));
    pass(100);
    void line.add(message('b'));
    pass(399);
    expect(sent).toEqual([]);
    pass(1);
    expect(sent).toEqual(['a']);
    pass(100);
    expect([sent, line.isEmpty]).toEqual([['a', 'b'], true]);
  });

  it('takes out what was said in a blocked response, and nothing else', () => {
    const { line, sent, pass } = lineOf(500);
    void line.add(message('said'));
    void line.add(message('done: said', 'r1', 'done'));
    void line.add(message('other', 'r2'));
    line.block(({ responseId }) => responseId === 'r1');
    pass(500);
    expect(sent).toEqual(['done', 'other']);
  });

  it('keeps what must wait beyond its time, and what is behind it, without asking by the clock', () => {
    const { line, sent, pass, isTimed } = lineOf(500);
    let mustWait = true;
    void line.add({ ...message('a'), mustWait: () => mustWait });
    void line.add(message('b'));
    pass(2_000);
    expect([sent, isTimed()]).toEqual([[], false]);
    mustWait = false;
    void line.add(message('c'));
    line.proceed();
    expect([sent, isTimed()]).toEqual([['a', 'b'], true]);
    pass(500);
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('of a session that is over lets go what may, at once, and nothing by its time', () => {
    const { line, sent, pass, isTimed } = lineOf(500);
    void line.add(message('a'));
    void line.add(message('bad', 'r2'));
    void line.add(message('done: said', 'r2', 'done'));
    line.stop();
    pass(1_000);
    expect([sent, isTimed()]).toEqual([[], false]);
    expect(line.finish(({ responseId }) => responseId === 'r1')).toBe(2);
    expect([sent, line.isEmpty]).toEqual([['a', 'done'], true]);
  });

  it('keeps whoever brings more waiting while it is full', async () => {
    const { line, pass } = lineOf(500);
    expect(line.add(message('x'.repeat(8 * 1024 * 1024)))).toBeNull();
    let hasRoom = false;
    const room = line.add(message('y'))?.then(() => (hasRoom = true));
    pass(499);
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    pass(1);
    await room;
    expect(hasRoom).toBe(true);
  });
});
