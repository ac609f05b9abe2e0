import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { eventually } from '../../../../test/support/poll.js';
import { encodeFrame } from '../../core/frame-codec.js';
import { testCertificate } from '../../test/certificate.js';
import { closeFrame } from '../../test/frames.js';
import { acceptValue } from './accept.js';
import { Dialler, type DialOptions } from './dialler.js';
import { readFirstMessage } from './first-message.js';
import { WireFactory } from './wire-factory.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A server that answers the upgrade request with these bytes. */
function answering(answer: (key: string) => string | Buffer): Promise<number> {
  return listening(
    createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        const key = /sec-websocket-key: (.*)\r\n/i.exec(chunk.toString('latin1'))?.[1] ?? '';
        socket.write(answer(key));
      });
    }),
  );
}
const upgraded = (key: string, more = ''): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptValue(key)}\r\n${more}\r\n`;

function dial(port: number, options: Partial<DialOptions> = {}) {
  const dialler = new Dialler(new WireFactory());
  return dialler.dial({
    url: `ws://127.0.0.1:${port}/v1/realtime?model=m`,
    headers: {},
    connectTimeoutMs: 3000,
    ...options,
  });
}

async function failure(port: number, options: Partial<DialOptions> = {}) {
  const result = await dial(port, options);
  if (result.ok) throw new Error('the dial succeeded');
  return result.error;
}

describe('a dial', () => {
  it('sends our headers and a valid upgrade without extensions, and hands over what came with the 101', async () => {
    const requests: string[] = [];
    const port = await listening(
      createServer((socket) => {
        socket.once('data', (chunk) => {
          requests.push(chunk.toString('latin1'));
          const key = /sec-websocket-key: (.*)\r\n/i.exec(chunk.toString('latin1'))?.[1] ?? '';
          socket.write(upgraded(key, 'x-request-id: req_1\r\n') + 'head');
        });
      }),
    );
    const result = await dial(port, { headers: { Authorization: 'Bearer upstream-key' } });
    if (!result.ok) throw new Error(result.error.kind);
    expect(requests[0]).toMatch(/^GET \/v1\/realtime\?model=m HTTP\/1.1\r\n/);
    expect(requests[0]).toMatch(/Authorization: Bearer upstream-key\r\n/);
    expect(requests[0]).toMatch(/Sec-WebSocket-Version: 13\r\n/);
    expect(requests[0]).not.toMatch(/extensions/i);
    expect(result.value.headers).toEqual({ 'x-request-id': 'req_1' });
    const got: string[] = [result.value.head.toString()];
    const rest = { onWritable: () => undefined, onEnd: () => undefined, onClosed: () => undefined };
    result.value.wire.listen({ ...rest, onData: (chunk) => got.push(chunk.toString()) });
    result.value.wire.resume();
    await eventually('the head', () => got.join('') === 'head' || null);
    result.value.wire.destroy();
  });

  it('reports an HTTP refusal with its status, its hints and a bounded body', async () => {
    const answer: RequestListener = (_request, response) => {
      response.writeHead(429, { 'retry-after': '7', 'x-request-id': 'req_2', 'set-cookie': 'a=b' });
      response.end('x'.repeat(100_000));
    };
    const error = await failure(await listening(createHttpServer(answer)));
    expect(error).toMatchObject({
      kind: 'http_status',
      status: 429,
      headers: { 'retry-after': '7', 'x-request-id': 'req_2' },
    });
    expect(error.kind === 'http_status' && error.body.length).toBe(8192);
    expect(error.kind === 'http_status' && 'set-cookie' in error.headers).toBe(false);
  });

  it.each([
    ['a wrong Sec-WebSocket-Accept', () => upgraded('something else')],
    ['an extension nobody offered', (key: string) => upgraded(key, 'Sec-WebSocket-Extensions: permessage-deflate\r\n')],
    ['a subprotocol nobody offered', (key: string) => upgraded(key, 'Sec-WebSocket-Protocol: other\r\n')],
    ['another protocol', () => 'HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'],
    ['something that is not HTTP', () => Buffer.from([0, 1, 2, 3, 13, 10, 13, 10])],
    ['endless headers', () => `HTTP/1.1 101 x\r\n${'a: b\r\n'.repeat(10_000)}`],
  ])('fails with bad_upgrade after %s', async (_what, answer) => {
    expect((await failure(await answering(answer))).kind).toBe('bad_upgrade');
  });

  it('fails with timeout when nobody answers', async () => {
    const port = await listening(createServer());
    expect((await failure(port, { connectTimeoutMs: 100 })).kind).toBe('timeout');
  });

  it('fails with unreachable when nobody listens, or hangs up', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    expect((await failure(port)).kind).toBe('unreachable');
    expect((await failure(await listening(createServer((socket) => socket.destroy())))).kind).toBe('unreachable');
  });

  it('stops at once when nobody waits for it any more, before and during', async () => {
    const port = await listening(createServer());
    expect((await failure(port, { signal: AbortSignal.abort() })).kind).toBe('aborted');
    const controller = new AbortController();
    const late = failure(port, { signal: controller.signal });
    controller.abort();
    expect((await late).kind).toBe('aborted');
  });

  it('fails with tls_invalid for a certificate that it has no reason to trust, and works with its authority', async () => {
    const { cert, key } = await testCertificate();
    const server = createHttpsServer({ cert, key });
    const webSockets = new WebSocketServer({ server });
    closers.push(() => webSockets.close());
    const url = `wss://127.0.0.1:${await listening(server)}/`;
    expect((await failure(0, { url })).kind).toBe('tls_invalid');
    const dialler = new Dialler(new WireFactory());
    for (let i = 0; i < 2; i++) {
      const result = await dialler.dial({ url, headers: {}, connectTimeoutMs: 3000, ca: cert });
      expect(result.ok).toBe(true);
      if (result.ok) result.value.wire.destroy();
    }
  });

  it('asks for the given subprotocols', async () => {
    const port = await answering((key) => upgraded(key, 'Sec-WebSocket-Protocol: realtime\r\n'));
    const result = await dial(port, { subprotocols: ['realtime', 'other'] });
    expect(result.ok).toBe(true);
    if (result.ok) result.value.wire.destroy();
  });
});

describe('the first message', () => {
  const limits = { deadlineMs: 2000, bytesMax: 10_000 };
  const created = encodeFrame(1, Buffer.from('{"type":"session.created"}'), null);

  async function first(bytes: Buffer, act: (socket: Socket) => void = () => undefined, within = limits) {
    const port = await listening(
      createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (chunk) => {
          const key = /sec-websocket-key: (.*)\r\n/i.exec(chunk.toString('latin1'))?.[1] ?? '';
          socket.write(Buffer.concat([Buffer.from(upgraded(key)), bytes]));
          act(socket);
        });
      }),
    );
    const result = await dial(port);
    if (!result.ok) throw new Error(result.error.kind);
    closers.push(() => result.value.wire.destroy());
    return readFirstMessage(result.value.wire, result.value.head, within);
  }

  it('is read, and every byte that came is kept for the session', async () => {
    const bytes = Buffer.concat([encodeFrame(9, Buffer.from('p'), null), created, created.subarray(0, 3)]);
    const result = await first(bytes);
    if (!result.ok) throw new Error(result.error);
    expect(result.value.first).toEqual({ kind: 'message', payload: Buffer.from('{"type":"session.created"}') });
    expect(bytes.subarray(0, result.value.rawBytes.length).equals(result.value.rawBytes)).toBe(true);
  });

  it('is put together from fragments that come one by one', async () => {
    const [head, tail] = [Buffer.from([0x01, 3, 0x61, 0x62, 0x63]), Buffer.from([0x80, 1, 0x64])];
    const result = await first(head, (socket) => setImmediate(() => socket.write(tail)));
    expect(result.ok && result.value.first.kind === 'message' && result.value.first.payload.toString()).toBe('abcd');
  });

  it('may be a close frame', async () => {
    const result = await first(closeFrame(3000, 'invalid_request_error.invalid_api_key', null));
    expect(result.ok && result.value.first).toEqual({
      kind: 'close',
      close: { code: 3000, reason: 'invalid_request_error.invalid_api_key' },
    });
  });

  it.each([
    ['timeout', 'nothing comes', Buffer.alloc(0), undefined],
    ['protocol_error', 'it is masked', encodeFrame(1, Buffer.from('x'), 7), undefined],
    ['too_large', 'it is too large', encodeFrame(1, Buffer.alloc(20_000), null), undefined],
    ['lost', 'the upstream hangs up', Buffer.alloc(0), (socket: Socket) => socket.end()],
  ] as const)('fails with %s when %s', async (kind, _what, bytes, act) => {
    expect(await first(bytes, act, { ...limits, deadlineMs: 300 })).toEqual({ ok: false, error: kind });
  });
});
