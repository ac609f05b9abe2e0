import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as tlsConnect, createServer as createTlsServer } from 'node:tls';
import { eventually } from '../../../../test/support/poll.js';
import { testCertificate } from '../../test/certificate.js';
import { SpliceWire } from './splice-wire.js';
import { StreamWire } from './stream-wire.js';
import { wireConformance, type WirePair } from './wire.conformance.js';
import { WireFactory } from './wire-factory.js';

/** Two connected sockets, and a way to break the connection to either as if its peer's machine had said so. */
interface SocketPair {
  readonly accepted: Socket;
  readonly dialled: Socket;
  reset(role: Role): void;
  close(): void;
}
type Role = 'accepted' | 'dialled';

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

async function connectTo({ server, port }: Awaited<ReturnType<typeof listen>>): Promise<{ near: Socket; far: Socket }> {
  let far: Socket | null = null;
  server.once('connection', (socket) => (far = socket));
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const found = await eventually('connected', () => (near.connecting ? null : far));
  server.close();
  return { near, far: found };
}

/** The connection goes through a relay in the middle, because a reset must come from below TLS to be one. */
async function socketPair(): Promise<SocketPair> {
  const first = await connectTo(await listen());
  const second = await connectTo(await listen());
  const middle = [first.far, second.near] as const;
  for (const socket of middle) socket.on('error', () => undefined);
  middle[0].pipe(middle[1]);
  middle[1].pipe(middle[0]);
  middle[0].on('close', () => middle[1].destroy());
  middle[1].on('close', () => middle[0].destroy());
  return {
    dialled: first.near,
    accepted: second.far,
    reset: (role) => middle[role === 'dialled' ? 0 : 1].resetAndDestroy(),
    close: () => middle[0].destroy(),
  };
}

const certificate = testCertificate();

async function open(kind: 'fastest' | 'stream', tls: boolean, role: Role): Promise<WirePair> {
  const raw = await socketPair();
  const ends = tls ? await secure(raw) : raw;
  const peer = role === 'accepted' ? ends.dialled : ends.accepted;
  peer.on('error', () => peer.destroy());
  const wire = new WireFactory(kind).wrap(ends[role]);
  const close = (): void => {
    wire.destroy();
    peer.destroy();
    raw.close();
  };
  return { wire, peer, reset: () => raw.reset(role), close };
}

async function secure(raw: SocketPair): Promise<{ accepted: Socket; dialled: Socket }> {
  const { cert, key } = await certificate;
  const server = createTlsServer({ cert, key, allowHalfOpen: true });
  let accepted: Socket | null = null;
  server.once('secureConnection', (socket) => (accepted = socket));
  server.emit('connection', raw.accepted);
  const dialled = tlsConnect({ socket: raw.dialled, ca: cert, servername: 'localhost' });
  const found = await eventually('secured', () => (dialled.authorized ? accepted : null));
  return { accepted: found, dialled };
}

describe.each(['fastest', 'stream'] as const)('the %s wire', (kind) => {
  describe.each([
    ['plain', false],
    ['TLS', true],
  ] as const)('over %s', (_name, tls) => {
    describe.each(['accepted', 'dialled'] as const)('on the %s socket', (role) => {
      wireConformance(() => open(kind, tls, role));
    });
  });
});

describe('the wire factory', () => {
  it('makes the spliced wire for a plain socket in this runtime, and the stream wire when told so', async () => {
    for (const [kind, made] of [
      ['fastest', SpliceWire],
      ['stream', StreamWire],
    ] as const) {
      const pair = await open(kind, false, 'accepted');
      expect(pair.wire).toBeInstanceOf(made);
      pair.close();
    }
  });

  it('takes bytes along that the stream had read before', async () => {
    for (const kind of ['fastest', 'stream'] as const) {
      const { accepted, dialled } = await socketPair();
      dialled.write('early');
      accepted.read(0);
      await eventually('the stream has it', () => accepted.readableLength === 5 || null);
      accepted.unshift(Buffer.from('first '));
      const wire = new WireFactory(kind).wrap(accepted);
      const got: string[] = [];
      const listener = { onWritable: () => undefined, onEnd: () => undefined, onClosed: () => undefined };
      wire.listen({ ...listener, onData: (chunk) => got.push(chunk.toString()) });
      wire.resume();
      dialled.write(' then');
      await eventually('all arrived', () => got.join('') === 'first early then' || null);
      wire.destroy();
      dialled.destroy();
    }
  });
});
