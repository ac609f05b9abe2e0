// A relay over real sockets: a `ws` server as the upstream, our accept, dial and session in the middle, and whatever
// client a test brings. Everything listens on the loopback address and is closed by `close`.
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';
import { eventually } from '../../../test/support/poll.js';
import {
  acceptUpgrade,
  Dialler,
  IntervalTicker,
  randomMaskKeys,
  readFirstMessage,
  WireFactory,
} from '../adapters/net/index.js';
import { RELAY_LIMITS, type RelayLimits } from '../core/limits.js';
import { SILENT_PROBE } from '../core/probe.js';
import { Session } from '../core/session.js';
import type { FrameTap } from '../core/tap.js';
import type { EndedBy } from '../core/end-cause.js';
import type { TestCertificate } from './certificate.js';

export const FIRST_EVENT = '{"type":"session.created"}';

export interface RelayOptions {
  readonly wires?: 'fastest' | 'stream';
  /** Both sides over TLS. */
  readonly tls?: TestCertificate;
  readonly limits?: Partial<RelayLimits>;
  readonly taps?: { readonly fromClient?: FrameTap; readonly fromUpstream?: FrameTap };
  /** Called instead of closing both sides when a session has ended. */
  readonly settle?: (session: Session) => Promise<void>;
}

/** One call through the relay. */
export interface Call {
  readonly session: Session;
  readonly upstream: WebSocket;
  readonly upstreamSocket: Socket;
  /** Set once the session ended and both wires are gone. */
  settled: EndedBy | null;
}

export class RelayRig {
  readonly calls: Call[] = [];
  private readonly upstreamSockets: Socket[] = [];
  private readonly upstreams: WebSocket[] = [];
  private readonly ticker = new IntervalTicker(50, 1);
  private readonly maskKey = randomMaskKeys();
  private readonly wires: WireFactory;
  private readonly dialler: Dialler;
  private readonly clients: (WebSocket | Socket)[] = [];
  private readonly upstreamServer;
  private readonly server;
  private readonly webSocketServer = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 0 });

  constructor(private readonly options: RelayOptions) {
    this.wires = new WireFactory(options.wires);
    this.dialler = new Dialler(this.wires);
    this.upstreamServer = options.tls ? createTlsServer(options.tls) : createServer();
    this.server = options.tls ? createTlsServer(options.tls) : createServer();
    this.upstreamServer.on('upgrade', (request, socket, head) => this.onUpstream(request, socket, head));
    this.server.on('upgrade', (request, socket, head) => void this.onClient(request, socket, head));
  }

  static async open(options: RelayOptions = {}): Promise<RelayRig> {
    const rig = new RelayRig(options);
    for (const server of [rig.upstreamServer, rig.server]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    return rig;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** A `ws` client that is connected and has read the first event. */
  async connect(options: ClientOptions = {}): Promise<{ client: WebSocket; call: Call }> {
    const { tls } = this.options;
    const url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${this.port}/v1/realtime`;
    const client = new WebSocket(url, { perMessageDeflate: false, ...(tls ? { ca: tls.cert } : {}), ...options });
    this.clients.push(client);
    client.on('error', () => undefined);
    let greeted = false;
    client.once('message', () => (greeted = true));
    const before = this.calls.length;
    const call = await eventually('the first event', () => (greeted ? (this.calls[before] ?? null) : null));
    return { client, call };
  }

  /** Waits until the call has ended and both its sockets are gone. */
  settled(call: Call): Promise<EndedBy> {
    return eventually('the session is settled', () => call.settled);
  }

  async close(): Promise<void> {
    for (const client of this.clients) if (client instanceof WebSocket) client.terminate();
    for (const upstream of this.upstreams) upstream.terminate();
    for (const call of this.calls) call.session.end('draining');
    for (const call of this.calls) await this.settled(call);
    this.ticker.stop();
    for (const server of [this.upstreamServer, this.server]) await new Promise((resolve) => server.close(resolve));
  }

  private onUpstream(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.webSocketServer.handleUpgrade(request, socket, head, (upstream) => {
      upstream.on('error', () => undefined);
      this.upstreams.push(upstream);
      this.upstreamSockets.push(request.socket);
      upstream.send(FIRST_EVENT);
    });
  }

  private async onClient(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { tls, limits, taps } = this.options;
    const port = (this.upstreamServer.address() as AddressInfo).port;
    const at = this.upstreams.length;
    const dialled = await this.dialler.dial({
      url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/`,
      headers: {},
      connectTimeoutMs: 5000,
      ...(tls ? { ca: tls.cert } : {}),
    });
    if (!dialled.ok) throw new Error(`dial failed: ${dialled.error.kind}`);
    const { wire } = dialled.value;
    const first = await readFirstMessage(wire, dialled.value.head, { deadlineMs: 5000, bytesMax: 65_536 });
    if (!first.ok) throw new Error(`no first message: ${first.error}`);
    const client = acceptUpgrade(request, socket, head, { wires: this.wires, subprotocol: null });
    const session = new Session({
      id: `call_${at}`,
      client: client.wire,
      clientHead: client.head,
      upstream: wire,
      upstreamHead: first.value.rawBytes,
      taps: { fromClient: taps?.fromClient ?? null, fromUpstream: taps?.fromUpstream ?? null },
      limits: { ...RELAY_LIMITS, ...limits },
      ticker: this.ticker,
      probe: SILENT_PROBE,
      maskKey: this.maskKey,
    });
    const [upstream, upstreamSocket] = [this.upstreams[at], this.upstreamSockets[at]];
    if (!upstream || !upstreamSocket) throw new Error('the upstream is missing');
    const call: Call = { session, upstream, upstreamSocket, settled: null };
    this.calls.push(call);
    session.start();
    const ended = await session.ended;
    if (this.options.settle) await this.options.settle(session);
    await Promise.all([session.closeClient(500), session.closeUpstream(1000, '', 500)]);
    call.settled = ended;
  }
}
