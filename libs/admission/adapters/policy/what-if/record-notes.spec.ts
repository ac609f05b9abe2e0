import { aPolicy } from '../../../test/what-if-policy.js';
import { WhatIfChangesInput } from './changes.js';
import { noteOfChanges, notesOfRecord } from './record-notes.js';
import type { CallsOfRecord } from './recorded-calls.js';

const record = (set: Partial<CallsOfRecord> = {}): CallsOfRecord => ({
  ...{ calls: [], openBefore: { atMs: 0, lines: [] }, refused: 0, leftOut: {} },
  ...{ reclaimed: 0, ofRetiredKeys: 0, ofSuspended: 0 },
  ...set,
});
const plain = { taken: 'each', policies: [aPolicy([])] } as const;

describe('what is said of a record', () => {
  it('is where the calls are from, and no more where there is nothing to say', () => {
    expect(notesOfRecord(record(), plain)).toEqual(['0 calls recorded: 0 had a session, 0 were refused or gave up.']);
  });

  it('names who was left out, and who was taken along that could not call today', () => {
    const notes = notesOfRecord(record({ ofRetiredKeys: 3, ofSuspended: 4, leftOut: { budget_exceeded: 5 } }), plain);
    expect(notes.slice(1)).toEqual([
      expect.stringMatching(/^3 of the calls had keys that are revoked, suspended or expired by now\./),
      expect.stringMatching(/^Left out: 4 calls of tenants that are suspended or gone by now/),
      'Left out, since no line would have helped: budget_exceeded 5.',
    ]);
  });

  it('says where idle lines would have made room, under either configuration', () => {
    const policies = [aPolicy([]), aPolicy([], { limits: { idleReclaimMs: 30_000 } })];
    expect(notesOfRecord(record({ reclaimed: 2 }), { ...plain, policies }).slice(1)).toEqual([
      expect.stringMatching(/^Not in it: 2 tenants have idle sessions ended while others wait/),
      expect.stringMatching(/^2 of the sessions ended because they said nothing/),
    ]);
  });
});

describe('what is said of the question', () => {
  const note = (changes: unknown): string => noteOfChanges(WhatIfChangesInput.parse(changes));

  it('is what is different, in the words in which it was asked', () => {
    const shares = { bots: { floor: 2, ceiling: null } };
    expect(note({ pools: { main: { sessionsMax: 8, shares }, spare: { isNew: true } }, tenants: {} })).toBe(
      `Now is the present configuration, then is the same with {"pools":{"main":{"sessionsMax":8,"shares":{"bots":{"floor":2,"ceiling":null}}},"spare":{"isNew":true}}}`,
    );
  });

  it('is that nothing is different, where nothing is', () => {
    expect(note({})).toMatch(/^Nothing is different/);
  });

  it('ends where it would be too long to read', () => {
    const tenants = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`t${i}`, { waitMsMax: 1_000 }]));
    expect(note({ tenants }).length).toBeLessThan(1_100);
  });
});
