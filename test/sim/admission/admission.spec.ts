import { simulate } from './world.js';

// `SEED=123 npm test -- test/sim/admission/admission.spec.ts` runs that world again; `SEEDS=10000` runs so many.
const FIRST = Number(process.env['SEED'] ?? 1);
const SEEDS = Number(process.env['SEEDS'] ?? (process.env['SEED'] === undefined ? 1_000 : 1));
const AT_ONCE = 250;

const blocks = Array.from({ length: Math.ceil(SEEDS / AT_ONCE) }, (_, i) => ({
  from: FIRST + i * AT_ONCE,
  to: FIRST + Math.min(SEEDS, (i + 1) * AT_ONCE) - 1,
}));

describe('admission, in worlds where everything breaks that can break', () => {
  it.each(blocks)(
    'keeps its promises in the worlds of the seeds $from to $to',
    async ({ from, to }) => {
      let [grants, waited, lent] = [0, 0, 0];
      for (let seed = from; seed <= to; seed++) {
        const summary = await simulate(seed);
        grants += summary.grants;
        waited += summary.waited;
        lent += summary.lent;
      }
      // A world in which nothing happens keeps every promise.
      expect(grants).toBeGreaterThan(to - from);
      expect(waited).toBeGreaterThan((to - from) / 2);
      if (to - from >= AT_ONCE / 2) expect(lent).toBeGreaterThan(0);
    },
    120_000,
  );

  it('is the same in every run of a seed', async () => {
    expect(await simulate(7)).toEqual(await simulate(7));
  });
});
