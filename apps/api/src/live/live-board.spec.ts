import { openLog } from '@trunkline/platform/logging';
import { eventually } from '../../../../test/support/poll.js';
import { LiveBoards, type Onlooker } from './live-board.js';
import type { BoardRead, BoardSession } from './read-board.js';

const session = (id: string, cost = '0'): BoardSession => ({
  ...{ id, tenant: 'acme', tenantName: 'Acme', keyId: 'key_a', key: 'a key', model: 'gpt-realtime' },
  ...{ transport: 'websocket', pool: 'default', replica: 'rep_01', openedAt: '2026-11-28T09:00:00.000Z' },
  ...{ state: 'open', cost, perMinute: '0', lastEventAt: null, lastEvent: null, moderation: null },
});

interface Told {
  readonly type: string;
  readonly sessions?: readonly unknown[];
  readonly changed?: readonly unknown[];
}
const onlooker = () => {
  const texts: string[] = [];
  const state = { buffered: 0 };
  const told = () => texts.map((text) => JSON.parse(text) as Told);
  const self: Onlooker = { send: (text) => void texts.push(text), bufferedBytes: () => state.buffered };
  return { self, state, told, texts };
};
const boardsOf = (read: (ids: readonly string[] | null) => Promise<BoardRead>) =>
  new LiveBoards({ read, nowMs: () => 0, log: openLog('silent', process.stderr), everyMs: 1 });
const of = (sessions: readonly BoardSession[]): BoardRead => ({ total: sessions.length, sessions });

describe('the boards', () => {
  it('tell a newcomer everything and then what changes, and read one board for all who look at it', async () => {
    let reads = 0;
    const boards = boardsOf(async () => of([session('ses_a', String(++reads))]));
    const [first, second] = [onlooker(), onlooker()];
    const away = [boards.watch(first.self, null), boards.watch(second.self, null)];
    await eventually('deltas for both', async () =>
      Math.min(first.texts.length, second.texts.length) > 3 ? true : null,
    );
    for (const stop of away) stop();
    for (const { told } of [first, second]) {
      expect(
        told()
          .map(({ type }) => type)
          .slice(0, 3),
      ).toEqual(['snapshot', 'delta', 'delta']);
      expect(told()[1]?.changed).toEqual([{ id: 'ses_a', cost: expect.any(String) }]);
    }
    expect(reads).toBeLessThanOrEqual(Math.max(first.texts.length, second.texts.length) + 1);
  });

  it('tell each who looks of their tenants only', async () => {
    const boards = boardsOf(async (ids) => of([session(`ses_of_${ids?.join('+') ?? 'all'}`)]));
    const [ours, all] = [onlooker(), onlooker()];
    const away = [boards.watch(ours.self, ['tnt_b', 'tnt_a']), boards.watch(all.self, null)];
    await eventually('both', async () => (ours.texts.length > 0 && all.texts.length > 0 ? true : null));
    for (const stop of away) stop();
    expect(ours.texts[0]).toContain('ses_of_tnt_b+tnt_a');
    expect(all.texts[0]).toContain('ses_of_all');
  });

  it('leave out who cannot take more, and start them again from a snapshot', async () => {
    const boards = boardsOf(async () => of([session('ses_a')]));
    const slow = onlooker();
    const quick = onlooker();
    const away = [boards.watch(slow.self, null), boards.watch(quick.self, null)];
    await eventually('a beginning', async () => (slow.texts.length > 0 ? true : null));
    slow.state.buffered = 2_000_000;
    const [held, seen] = [slow.texts.length, quick.texts.length];
    await eventually('others go on', async () => (quick.texts.length > seen + 3 ? true : null));
    expect(slow.texts.length).toBe(held);
    slow.state.buffered = 0;
    await eventually('it goes on', async () => (slow.texts.length > held ? true : null));
    for (const stop of away) stop();
    expect(slow.told()[held]?.type).toBe('snapshot');
  });

  it('read nothing while nobody looks, and go on after a read that failed', async () => {
    let reads = 0;
    const boards = boardsOf(async () => {
      reads += 1;
      if (reads === 1) throw new Error('the database is away');
      return of([]);
    });
    expect(reads).toBe(0);
    const one = onlooker();
    const away = boards.watch(one.self, null);
    await eventually('it goes on', async () => (one.texts.length > 0 ? true : null));
    away();
    expect(one.told()[0]?.type).toBe('snapshot');
  });

  it('tell of a thousand sessions that all changed in less than a megabyte a second', async () => {
    const many = (n: number) =>
      of(
        Array.from({ length: 1_000 }, (_, i) => ({
          ...session(`ses_01m8gr4d05yr524rwrzxf1p${i}`, `0.0${n}`),
          perMinute: `0.1${n}`,
          lastEventAt: `2026-11-28T09:00:00.${n}Z`,
        })),
      );
    let reads = 0;
    const boards = boardsOf(async () => many(++reads));
    const one = onlooker();
    const away = boards.watch(one.self, null);
    await eventually('a delta', async () => (one.texts.length > 1 ? true : null));
    away();
    // A snapshot comes once, a delta every other second.
    expect(one.texts[0]?.length).toBeLessThan(500_000);
    expect(one.texts[1]?.length).toBeLessThan(250_000);
  });
});
