import { boardChanges } from './board-changes.js';
import type { BoardSession } from './read-board.js';

const session = (id: string, replacing: Partial<BoardSession> = {}): BoardSession => ({
  ...{ id, tenant: 'acme', tenantName: 'Acme', keyId: 'key_a', key: 'bot', model: 'm', transport: 'websocket' },
  ...{ pool: 'default', replica: 'rep_a', openedAt: '2026-11-28T09:00:00.000Z', state: 'open', cost: '0' },
  ...{ perMinute: '0', lastEventAt: null, lastEvent: null, moderation: null },
  ...replacing,
});
const board = (...sessions: readonly BoardSession[]) => new Map(sessions.map((one) => [one.id, one]));

describe('what changed on the board', () => {
  it('is a new session whole, a known one by its changed fields, and the ids of those that went', () => {
    const before = board(session('ses_a'), session('ses_b'), session('ses_c'));
    const after = board(session('ses_d'), session('ses_a', { cost: '0.5', state: 'answering' }), session('ses_c'));
    expect(boardChanges(before, after)).toEqual({
      changed: [session('ses_d'), { id: 'ses_a', cost: '0.5', state: 'answering' }],
      gone: ['ses_b'],
    });
  });

  it('is nothing where nothing happened', () => {
    expect(boardChanges(board(session('ses_a')), board(session('ses_a')))).toEqual({ changed: [], gone: [] });
  });
});
