import fc from 'fast-check';
import { trustedId } from '@trunkline/kernel';
import { parseUsageEventId, usageEventId, type UsageFact } from './usage-event-id.js';

const aFact: fc.Arbitrary<UsageFact> = fc.record({
  sessionId: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => trustedId('ses', text)),
  vendorObjectId: fc.string({ unit: 'binary', maxLength: 12 }),
  kind: fc.constantFrom('response', 'transcription'),
});

function isSame(a: UsageFact, b: UsageFact): boolean {
  return a.sessionId === b.sessionId && a.vendorObjectId === b.vendorObjectId && a.kind === b.kind;
}

test('the same fact always has the same id, and two facts never share one', () => {
  fc.assert(fc.property(aFact, aFact, (a, b) => (usageEventId(a) === usageEventId(b)) === isSame(a, b)));
});

test('facts whose parts join to the same text have different ids', () => {
  const text = fc.string({ minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(text, fc.nat(), fc.nat(), (joined, cutA, cutB) => {
      const at = (cut: number): UsageFact => ({
        sessionId: trustedId('ses', joined.slice(0, cut)),
        vendorObjectId: joined.slice(cut),
        kind: 'response',
      });
      const [a, b] = [cutA % joined.length, cutB % joined.length];
      return (usageEventId(at(a)) === usageEventId(at(b))) === (a === b);
    }),
  );
});

test('ids are stable across releases', () => {
  const fact = { sessionId: trustedId('ses', 'ses_1'), vendorObjectId: 'resp_1', kind: 'response' } as const;
  expect(usageEventId(fact)).toBe('use_2jmvvc6cpr8n1cdam4v032g6hx');
});

test('text that even UTF-8 would make equal stays apart', () => {
  const fact = (vendorObjectId: string): UsageFact => ({
    sessionId: trustedId('ses', 's'),
    vendorObjectId,
    kind: 'response',
  });
  expect(usageEventId(fact('\ud800'))).not.toBe(usageEventId(fact('\ud801')));
});

test('only texts of the right shape are read as ids', () => {
  const id = usageEventId({ sessionId: trustedId('ses', 's'), vendorObjectId: 'r', kind: 'response' });
  expect(parseUsageEventId(id)).toBe(id);
  for (const other of ['', 'use_', id.toUpperCase(), `${id}x`, id.replace('use', 'ses')])
    expect(parseUsageEventId(other)).toBeNull();
});
