import type { BoardSession } from '../../api/types.js';
import { ageOf, boardAfter, type Board } from './board-state.js';

const session = (id: string): BoardSession => ({
  ...{ id, tenant: 'acme', tenantName: 'Acme', keyId: 'key_a', key: 'bot', model: 'm', transport: 'websocket' },
  ...{ pool: 'default', replica: 'rep_a', openedAt: '2026-11-28T09:00:00.000Z', state: 'open', cost: '0' },
  ...{ perMinute: '0', lastEventAt: null, lastEvent: null, moderation: null },
});
const at = '2026-11-28T09:01:00.000Z';
const begun = (...ids: readonly string[]): Board => {
  const board = boardAfter(null, { type: 'snapshot', at, total: ids.length, sessions: ids.map(session) });
  if (board === null) throw new Error('a snapshot begins a board');
  return board;
};

describe('the live board', () => {
  it('changes what changed, forgets what is gone, and leaves other rows the same objects', () => {
    const before = begun('ses_a', 'ses_b', 'ses_c');
    const changed = [{ id: 'ses_a', cost: '0.5' }, session('ses_d')];
    const after = boardAfter(before, { type: 'delta', at, total: 3, changed, gone: ['ses_b'] });
    expect([...(after?.sessions.keys() ?? [])]).toEqual(['ses_a', 'ses_c', 'ses_d']);
    expect(after?.sessions.get('ses_a')).toEqual({ ...session('ses_a'), cost: '0.5' });
    expect(after?.sessions.get('ses_c')).toBe(before.sessions.get('ses_c'));
  });

  it('keeps all rows as they are when nothing happened', () => {
    const before = begun('ses_a');
    const after = boardAfter(before, { type: 'delta', at, total: 1, changed: [], gone: [] });
    expect(after?.sessions).toBe(before.sessions);
  });

  it('shows no row of which it knows only a part, and no delta before a snapshot', () => {
    const changed = [{ id: 'ses_x', cost: '1' }];
    expect(boardAfter(null, { type: 'delta', at, total: 1, changed, gone: [] })).toBeNull();
    expect(boardAfter(begun(), { type: 'delta', at, total: 1, changed, gone: [] })?.sessions.size).toBe(0);
  });

  it.each([
    [7_000, '0:07'],
    [192_000, '3:12'],
    [3_727_000, '1:02:07'],
    [-5_000, '0:00'],
  ])('tells %d ms as %s', (ms, text) => {
    expect(ageOf('2026-11-28T09:00:00.000Z', Date.parse('2026-11-28T09:00:00.000Z') + ms)).toBe(text);
  });
});
