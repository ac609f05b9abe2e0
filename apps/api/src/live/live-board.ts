// The boards that somebody looks at, one for each set of tenants: each is read every other second while anybody looks, however
// many do, and what changed is told to all of them. Guarantees that a slow reader is told less often, never more at once: what is
// waiting for it is bounded, and it starts again from a snapshot. Who may look is for the gateway that lets them in.
import type { Log } from '@trunkline/platform/logging';
import { boardChanges } from './board-changes.js';
import type { BoardRead, BoardSession } from './read-board.js';

/** Somebody who looks. */
export interface Onlooker {
  /** Sends a text. */
  readonly send: (text: string) => void;
  /** Bytes that are still on their way to them. */
  readonly bufferedBytes: () => number;
}

/** What a board needs. */
export interface LiveBoardParts {
  /** Reads a board of these tenants; null: of all. */
  readonly read: (tenantIds: readonly string[] | null) => Promise<BoardRead>;
  readonly nowMs: () => number;
  readonly log: Log;
  /** Milliseconds from the end of one read to the next. */
  readonly everyMs?: number;
}

const EVERY_MS = 2_000;
// Two snapshots of a full board.
const BUFFERED_BYTES_MAX = 1_048_576;

interface Watched {
  readonly tenantIds: readonly string[] | null;
  /** `behind`: has been told nothing yet, or was too slow; a snapshot comes next. */
  readonly onlookers: Map<Onlooker, 'current' | 'behind'>;
  sessions: ReadonlyMap<string, BoardSession>;
  /** To the next read; null: one is under way. */
  timer: NodeJS.Timeout | null;
}

/** All boards of this process. */
export class LiveBoards {
  readonly #boards = new Map<string, Watched>();

  constructor(private readonly parts: LiveBoardParts) {}

  /** Begins to tell. Call what it returns when they look away. */
  watch(onlooker: Onlooker, tenantIds: readonly string[] | null): () => void {
    const name = tenantIds === null ? '*' : [...tenantIds].sort().join(' ');
    const board = this.#boards.get(name) ?? { tenantIds, onlookers: new Map(), sessions: new Map(), timer: null };
    this.#boards.set(name, board);
    board.onlookers.set(onlooker, 'behind');
    // Nobody waits for the next read to see the first; one that is under way tells the newcomer too.
    if (board.onlookers.size === 1 || board.timer !== null) void this.#tick(board);
    return () => {
      board.onlookers.delete(onlooker);
      if (board.onlookers.size > 0) return;
      if (board.timer !== null) clearTimeout(board.timer);
      if (this.#boards.get(name) === board) this.#boards.delete(name);
    };
  }

  async #tick(board: Watched): Promise<void> {
    if (board.timer !== null) clearTimeout(board.timer);
    board.timer = null;
    try {
      const { total, sessions } = await this.parts.read(board.tenantIds);
      this.#tell(board, total, new Map(sessions.map((session) => [session.id, session])));
    } catch (error) {
      // Onlookers notice the silence and say that what they show is old.
      this.parts.log.warn({ event: 'live_board_failed', err: error }, 'the live board could not be read');
    }
    if (board.onlookers.size === 0) return;
    board.timer = setTimeout(() => void this.#tick(board), this.parts.everyMs ?? EVERY_MS).unref();
  }

  #tell(board: Watched, total: number, sessions: ReadonlyMap<string, BoardSession>): void {
    const at = new Date(this.parts.nowMs()).toISOString();
    const delta = JSON.stringify({ type: 'delta', at, total, ...boardChanges(board.sessions, sessions) });
    let snapshot: string | null = null;
    board.sessions = sessions;
    for (const [onlooker, state] of board.onlookers) {
      const keepsUp = onlooker.bufferedBytes() < BUFFERED_BYTES_MAX;
      if (keepsUp && state === 'behind')
        snapshot ??= JSON.stringify({ type: 'snapshot', at, total, sessions: [...sessions.values()] });
      if (keepsUp) onlooker.send(state === 'current' ? delta : (snapshot ?? delta));
      board.onlookers.set(onlooker, keepsUp ? 'current' : 'behind');
    }
  }
}
