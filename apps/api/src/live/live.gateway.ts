// `/admin/api/v1/live`: the feed of the live board over a WebSocket. Who looks is asked as on every route, and again every few
// seconds: a role that is taken away ends the feed. The socket is taken first and closed with a code, since a browser tells its
// page nothing of a refused handshake.
import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { TenantScope, type AccessPrincipal } from '@trunkline/tenancy';
import type { WebSocket } from 'ws';
import { identify } from '../access/identify.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { isOwnPage } from '../http/same-site.js';
import { readWithin } from '../reads/read-within.js';
import { LiveBoards } from './live-board.js';
import { readBoard } from './read-board.js';

/** Close codes of the feed. From 4400 on, trying again will not help. */
export const FEED_CLOSES = {
  goingAway: 1001,
  tooMany: 1013,
  signInRequired: 4401,
  notAllowed: 4403,
} as const;

const SESSIONS_MAX = 2_000;
const ONLOOKERS_MAX = 200;
const ASKED_AGAIN_MS = 5_000;
const PATH = '/admin/api/v1/live';

/** The feed. It takes nothing from clients. */
@WebSocketGateway({ path: PATH, maxPayload: 1_024, perMessageDeflate: false })
export class LiveGateway implements OnGatewayConnection {
  readonly #boards: LiveBoards;
  readonly #open = new Set<WebSocket>();

  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {
    const { db, tenancy, log, rows } = parts;
    const nowMs = () => tenancy.clock.nowMs();
    const read = (tenantIds: readonly string[] | null) =>
      rows.within(tenantIds, () =>
        readWithin(db, (tx) => readBoard(tx, tenantIds, { limit: SESSIONS_MAX, nowMs: nowMs() })),
      );
    this.#boards = new LiveBoards({ read, nowMs, log });
  }

  /** Ends all feeds; browsers come back by themselves. */
  close(): void {
    for (const socket of this.#open) socket.close(FEED_CLOSES.goingAway, 'Trunkline stops');
  }

  async handleConnection(socket: WebSocket, request: IncomingMessage): Promise<void> {
    if (this.#open.size >= ONLOOKERS_MAX) return socket.close(FEED_CLOSES.tooMany, 'too many look at the live board');
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    const scope = await this.#scopeOf(socket, request);
    if (scope === null || socket.readyState !== socket.OPEN) return;
    const onlooker = { send: (text: string) => socket.send(text), bufferedBytes: () => socket.bufferedAmount };
    const lookAway = this.#boards.watch(onlooker, scope.ids);
    const timer = setInterval(() => void this.#scopeOf(socket, request, scope), ASKED_AGAIN_MS).unref();
    socket.once('close', () => {
      clearInterval(timer);
      lookAway();
    });
  }

  /** The tenants that whoever looks may see; closes the socket and is null where that is none, or others than before. */
  async #scopeOf(socket: WebSocket, request: IncomingMessage, before?: TenantScope): Promise<TenantScope | null> {
    // Browsers send cookies with a socket whatever page opens it.
    if (!this.parts.isOurHost(request.headers.host) || !isOwnPage(request.headers)) {
      socket.close(FEED_CLOSES.notAllowed, 'this was asked for by another site');
      return null;
    }
    let principal: AccessPrincipal | null;
    try {
      principal = await identify(this.parts, request, true);
    } catch (error) {
      this.parts.log.warn({ event: 'live_board_failed', err: error }, 'nobody could be asked who looks');
      // While the database is away nothing is told anyway.
      return before ?? closed(socket, FEED_CLOSES.tooMany, 'the database does not answer');
    }
    if (principal === null) return closed(socket, FEED_CLOSES.signInRequired, 'sign in first');
    const scope = TenantScope.of(principal, 'sessions:read');
    if (scope.isEmpty) return closed(socket, FEED_CLOSES.notAllowed, 'your roles do not include sessions:read');
    const isSame = before === undefined || String(before.ids?.toSorted()) === String(scope.ids?.toSorted());
    return isSame ? scope : closed(socket, FEED_CLOSES.goingAway, 'your roles changed');
  }
}

function closed(socket: WebSocket, code: number, reason: string): null {
  socket.close(code, reason);
  return null;
}
