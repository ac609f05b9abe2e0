import { inSlices } from './in-slices.js';

/** Work that takes a millisecond a step, on a clock of its own. */
function work(steps: number) {
  const world = { nowMs: 0, done: 0, rested: 0 };
  function* run(): Generator<undefined, string> {
    while (world.done < steps) {
      world.done += 1;
      world.nowMs += 1;
      yield;
    }
    return 'done';
  }
  const terms = {
    nowMs: () => world.nowMs,
    rest: async (ms: number) => {
      world.nowMs += ms;
      world.rested += ms;
    },
  };
  return { world, run, terms };
}

describe('work in slices', () => {
  it('rests as long as it works', async () => {
    const { world, run, terms } = work(30);
    expect(await inSlices(run(), { ...terms, isWanted: () => true, msMax: 1_000 })).toBe('done');
    expect(world.rested).toBe(30);
  });

  it('is given up when its time is over', async () => {
    const { world, run, terms } = work(1_000);
    expect(await inSlices(run(), { ...terms, isWanted: () => true, msMax: 60 })).toBeNull();
    expect(world.done).toBe(30);
  });

  it('is given up when nobody wants it any more', async () => {
    const { world, run, terms } = work(1_000);
    expect(await inSlices(run(), { ...terms, isWanted: () => world.rested < 9, msMax: 1_000 })).toBeNull();
    expect(world.done).toBe(9);
  });
});
