import { RatingLoop, type PassReport } from './rating-loop.js';

const NOTHING: PassReport = { claimed: 0, more: false, rated: 0, unrated: 0, setAside: [] };
const worked = (claimed: number): PassReport => ({ ...NOTHING, claimed, rated: claimed });
/** Far longer than any test: a loop that waits this long never wakes by itself. */
const NEVER_MS = 3_600_000;

/** A queue in memory of which each pass takes up to ten; the next `failing` passes fail. */
const queueOf = (count: number) => {
  const queue = { left: count, failing: 0, passes: 0, together: 0, togetherMax: 0 };
  const pass = async (): Promise<PassReport> => {
    queue.passes += 1;
    queue.together += 1;
    queue.togetherMax = Math.max(queue.togetherMax, queue.together);
    await Promise.resolve();
    queue.together -= 1;
    if (queue.failing > 0) {
      queue.failing -= 1;
      throw new Error('database away');
    }
    const taken = Math.min(10, queue.left);
    queue.left -= taken;
    return taken === 0 ? NOTHING : { ...worked(taken), more: taken === 10 };
  };
  return { queue, pass };
};

describe('the rating loop', () => {
  it('finishes what is pending before it stops', async () => {
    const { queue, pass } = queueOf(95);
    const loop = new RatingLoop(pass, { idleMs: NEVER_MS });
    loop.start();
    expect(await loop.stop(10_000)).toBe(true);
    expect(queue.left).toBe(0);
  });

  it('gathers after a pass that was not full, and only then', async () => {
    const { queue, pass } = queueOf(35);
    let gathers = (): void => undefined;
    const gathering = new Promise<void>((resolve) => (gathers = resolve));
    const loop = new RatingLoop(pass, { idleMs: NEVER_MS, onPass: ({ more }) => (more ? undefined : gathers()) });
    loop.start();
    await gathering;
    expect([queue.left, queue.passes]).toEqual([0, 4]);
    queue.left = 5;
    await new Promise((resolve) => setImmediate(resolve));
    expect([queue.left, queue.passes]).toEqual([5, 4]);
    expect(await loop.stop(10_000)).toBe(true);
    expect(queue.left).toBe(0);
  });

  it('stops at once while it waits for work', async () => {
    const { pass } = queueOf(0);
    const loop = new RatingLoop(pass, { idleMs: NEVER_MS });
    loop.start();
    await loop.rateOnce();
    expect(await loop.stop(10_000)).toBe(true);
  });

  it('goes on after failures, waiting longer each time up to a cap', async () => {
    const { queue, pass } = queueOf(20);
    queue.failing = 6;
    const failures: number[] = [];
    const backoff = { firstMs: 1, maxMs: 4 };
    const loop = new RatingLoop(pass, { idleMs: 1, backoff, onFailure: (_error, count) => failures.push(count) });
    loop.start();
    expect(await loop.stop(10_000)).toBe(true);
    expect(failures).toEqual([1, 2, 3, 4, 5, 6]);
    expect([queue.left, loop.failuresInARow]).toEqual([0, 0]);
  });

  it('gives up at the deadline while the database is away', async () => {
    const { queue, pass } = queueOf(20);
    queue.failing = Number.MAX_SAFE_INTEGER;
    const loop = new RatingLoop(pass, { backoff: { firstMs: NEVER_MS, maxMs: NEVER_MS } });
    loop.start();
    expect(await loop.stop(20)).toBe(false);
    expect(queue.left).toBe(20);
  });

  it('never runs two passes at once, and tells who asks only when the queue is empty', async () => {
    const { queue, pass } = queueOf(100);
    const loop = new RatingLoop(pass, { idleMs: NEVER_MS });
    loop.start();
    const reports = await Promise.all([loop.rateOnce(), loop.rateOnce()]);
    expect([queue.left, queue.togetherMax]).toEqual([0, 1]);
    expect(reports.reduce((sum, report) => sum + report.rated, 0)).toBeLessThanOrEqual(100);
    await loop.stop(10_000);
  });
});
