import fc from 'fast-check';
import { anEvent, anOwed } from '../test/records.js';
import { estimatedUsage } from './owed-usage.js';
import { confidenceOf, ESTIMATE_DOUBTS, estimateOf } from './usage-estimate.js';
import { usageEventId } from './usage-event-id.js';

const someDoubts = fc.uniqueArray(fc.constantFrom(...ESTIMATE_DOUBTS));
const RANK = { high: 2, medium: 1, low: 0 };

test('a further doubt never makes an estimate more trusted, and only one without any is trusted fully', () => {
  fc.assert(
    fc.property(someDoubts, fc.constantFrom(...ESTIMATE_DOUBTS), (doubts, further) => {
      const before = confidenceOf(doubts);
      expect(RANK[confidenceOf([...doubts, further])]).toBeLessThanOrEqual(RANK[before]);
      expect(before === 'high').toBe(doubts.length === 0);
    }),
  );
});

test('a gateway that saw the end and a worker that finds its records label the same facts alike', () => {
  fc.assert(
    fc.property(someDoubts, someDoubts, (doubts, further) => {
      const seen = { ...anOwed('r').seen, doubts };
      const label = estimateOf(seen, 'bill', further);
      expect(new Set(label.doubts)).toEqual(new Set([...doubts, ...further]));
      expect(label.confidence).toBe(confidenceOf([...doubts, ...further]));
    }),
  );
});

test('an estimate names the fact that a report would be, and is another event', () => {
  const report = anEvent({ vendorObjectId: 'resp_9' });
  const estimate = estimatedUsage(anOwed('resp_9'));
  expect(estimate.factId).toBe(report.id);
  expect(estimate.id).not.toBe(report.id);
  expect(estimate).toMatchObject({ evidence: 'estimated', status: 'unreported', problem: null });
  expect(estimatedUsage(anOwed('resp_9'), ['seen_in_part']).id).toBe(estimate.id);
});

test('no vendor name of an object makes a report that has the id of an estimate', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const fact = { sessionId: anOwed('r').sessionId, kind: 'response' as const };
      const report = usageEventId({ ...fact, vendorObjectId: a });
      expect(usageEventId({ ...fact, vendorObjectId: b, derivation: 'estimated' })).not.toBe(report);
    }),
  );
});
