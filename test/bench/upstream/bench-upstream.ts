// The benchmark's upstream: speaks just enough of OpenAI's Realtime API to be dialled by a gateway, and checks what it
// receives. Guarantees that it costs as little as Node can: no library between the socket and the frames.
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { HeadReader, upgradeAnswer } from '../wire/upgrade.js';
import { SharedReading } from './reading.js';
import { UpstreamSession } from './session.js';
import { Stage } from './stage.js';

/** Handshakes come in bursts; the default of 511 would refuse some. */
const BACKLOG = 4096;

/** What a gateway gets that asks for anything else, its models say. */
const NOT_A_WEBSOCKET = 'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}';

/** Accepts sessions, plain and by TLS. */
export class BenchUpstream {
  readonly stage = new Stage();
  /** Sets the ids of this run apart from those of any other, so that a gateway's ledger never sees one twice. */
  private readonly runSalt = randomBytes(4).toString('hex');
  /** Bounded by the sessions that the load client opens. */
  private readonly open = new Set<UpstreamSession>();
  private readonly reading = new SharedReading();
  private accepted = 0;

  /** Listens on two ports of 127.0.0.1. */
  async listen(secret: { cert: Buffer; key: Buffer }): Promise<{ plain: number; tls: number }> {
    const accept = (socket: Socket): void => this.accept(socket);
    return {
      plain: await listenOn(createServer({ pauseOnConnect: true }, accept)),
      tls: await listenOn(createTlsServer(secret, accept)),
    };
  }

  /** Sessions whose socket is open. */
  get openSessions(): number {
    return this.open.size;
  }

  /** Ends the sessions of a group, or all: one that does not read would never learn that its client has left. */
  cut(group: string | null): void {
    for (const session of this.open) {
      if (group === null || session.hello?.group === group) session.cut();
    }
  }

  private accept(accepted: Socket): void {
    const head = new HeadReader();
    let session: UpstreamSession | null = null;
    const socket = this.reading.read(accepted, (bytes, length) => {
      if (session) {
        session.push(bytes, length);
        return;
      }
      const request = head.push(bytes.subarray(0, length));
      const key = request?.headers.get('sec-websocket-key');
      if (request && key) session = this.beginSession(socket, key, request.rest);
      else if (request) socket.end(NOT_A_WEBSOCKET);
    });
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
  }

  private beginSession(socket: Socket, key: string, rest: Buffer): UpstreamSession {
    this.accepted += 1;
    const id = `${this.runSalt}${this.accepted.toString(36).padStart(8, '0')}bench`;
    const session = new UpstreamSession(socket, this.stage, id);
    this.open.add(session);
    socket.on('close', () => {
      this.open.delete(session);
      session.onClose();
    });
    socket.write(upgradeAnswer(key));
    session.greet();
    if (rest.length > 0) session.push(rest, rest.length);
    return session;
  }
}

async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the upstream did not get a port');
  return address.port;
}
