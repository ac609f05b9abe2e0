import { trustedId } from '@trunkline/kernel';
import fc from 'fast-check';
import { ReplicaWatch } from './replica-watch.js';

const A = trustedId('rep', 'rep_a');
const PATIENCE = { silenceMsMax: 120_000, gapMsMax: 20_000 };

test('a gateway is silent once its beats stood still for the whole patience, and not before', () => {
  const watch = new ReplicaWatch(PATIENCE);
  const answers: number[] = [];
  for (let atMs = 0; atMs <= 130_000; atMs += 5_000)
    if (watch.look([{ replicaId: A, beats: 7 }], atMs).has(A)) answers.push(atMs);
  expect(answers).toEqual([120_000, 125_000, 130_000]);
});

test('a gateway that beats more often than the patience is never silent, however the looks fall', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 119_999 }), (looks, beatEveryMs) => {
      const watch = new ReplicaWatch(PATIENCE);
      let atMs = 0;
      for (const gap of looks) {
        atMs += gap;
        expect(watch.look([{ replicaId: A, beats: Math.floor(atMs / beatEveryMs) }], atMs).size).toBe(0);
      }
    }),
  );
});

test('nobody is silent before the watcher has watched for the whole patience without a break', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, (looks) => {
      const watch = new ReplicaWatch(PATIENCE);
      let atMs = 0;
      let watchedSinceMs = 0;
      for (const [index, gap] of looks.entries()) {
        atMs += gap;
        if (index === 0 || gap > PATIENCE.gapMsMax) watchedSinceMs = atMs;
        const isSilent = watch.look([{ replicaId: A, beats: 1 }], atMs).has(A);
        expect(isSilent).toBe(atMs - watchedSinceMs >= PATIENCE.silenceMsMax);
      }
    }),
  );
});
