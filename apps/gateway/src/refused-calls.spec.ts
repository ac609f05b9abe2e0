import { trustedId, type PoolId } from '@trunkline/kernel';
import type { JournalPressure, RefusedCalls } from '@trunkline/metering';
import { KINDS_MAX, RefusedCallsLog, SPAN_MS, TENANT_KINDS_MAX, type RefusedCall } from './refused-calls.js';

const [A, B] = [trustedId('pool', 'pool_a'), trustedId('pool', 'pool_b')];

function aCall(set: Partial<Omit<RefusedCall, 'tenantId'>> & { readonly tenant?: string } = {}): RefusedCall {
  const { tenant = 'a', ...rest } = set;
  return {
    tenantId: trustedId('tnt', `tnt_${tenant}`),
    keyId: trustedId('key', `key_${tenant}`),
    model: 'gpt-realtime-2026-01-01',
    family: 'gpt-realtime',
    reason: 'pool_limit',
    pools: [A],
    askedAtMs: 100 * SPAN_MS,
    waitedMs: 0,
    waitAskedMs: null,
    ...rest,
  };
}

function log() {
  const recorded: RefusedCalls[] = [];
  const unrecorded: (readonly [string, number])[] = [];
  const world = { pressure: 'ok' as JournalPressure, isBroken: false };
  const calls = new RefusedCallsLog({
    replicaId: trustedId('rep', 'rep_a'),
    mintId: () => trustedId('rfc', `rfc_${recorded.length}`),
    pressure: () => world.pressure,
    append: async (refused) => {
      if (world.isBroken) throw new Error('disk');
      recorded.push(refused);
    },
    unrecorded: (why, count) => unrecorded.push([why, count]),
  });
  return { calls, recorded, unrecorded, world };
}

describe('the record of refused calls', () => {
  it('counts a thousand knocks of a second as one record, with when the first and the last came', async () => {
    const { calls, recorded } = log();
    for (let i = 0; i < 1_000; i++) calls.note(aCall({ askedAtMs: 100 * SPAN_MS + i, waitedMs: i % 2 }));
    await calls.flush();
    const times = { fromMs: 100 * SPAN_MS, untilMs: 100 * SPAN_MS + 999, waitedMs: 500, waitedMsMax: 1 };
    const { askedAtMs: _asked, ...kind } = aCall();
    expect(recorded).toEqual([{ ...kind, ...times, id: 'rfc_0', replicaId: 'rep_a', calls: 1_000 }]);
    await calls.flush();
    expect(recorded).toHaveLength(1);
  });

  it('tells keys, models, reasons, pools, spans and waits asked for apart, and not the order of pools', async () => {
    const { calls, recorded } = log();
    const both = (...pools: PoolId[]) => aCall({ pools });
    const others = [
      { tenant: 'b' },
      { model: 'gpt-x' },
      { reason: 'abandoned' },
      { askedAtMs: 101 * SPAN_MS },
      { waitAskedMs: 0 },
    ];
    for (const call of [aCall(), ...others.map(aCall), both(A, B), both(B, A, B)]) calls.note(call);
    await calls.flush();
    expect(recorded.map((each) => each.calls)).toEqual([1, 1, 1, 1, 1, 1, 2]);
    expect(recorded.at(-1)?.pools).toEqual([A, B]);
  });

  it('keeps a tenant that asks for ever other models from filling the disk, and from the room of others', async () => {
    const { calls, recorded, unrecorded } = log();
    for (let i = 0; i < TENANT_KINDS_MAX + 7; i++) calls.note(aCall({ model: `m${i}` }));
    calls.note(aCall({ tenant: 'b' }));
    await calls.flush();
    expect(recorded).toHaveLength(TENANT_KINDS_MAX + 1);
    expect(unrecorded).toEqual(Array(7).fill(['too_many_kinds', 1]));
    for (let i = 0; i < KINDS_MAX + 1; i++) calls.note(aCall({ tenant: `t${i}` }));
    expect(unrecorded).toHaveLength(8);
  });

  it('leaves the room of a journal that is filling to usage, and counts what it did not record', async () => {
    const { calls, recorded, unrecorded, world } = log();
    world.pressure = 'warn';
    for (let i = 0; i < 3; i++) calls.note(aCall());
    await calls.flush();
    Object.assign(world, { pressure: 'ok', isBroken: true });
    calls.note(aCall());
    await calls.flush();
    expect(recorded).toEqual([]);
    expect(unrecorded).toEqual([
      ['journal_pressure', 3],
      ['journal_pressure', 1],
    ]);
  });
});
