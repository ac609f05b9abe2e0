import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Refusal } from '@trunkline/kernel';
import { eventually } from '../../../../test/support/poll.js';
import { acceptUpgrade, acceptValue, clientGone, refuseUpgrade } from './accept.js';
import { WireFactory } from './wire-factory.js';

const REQUEST = [
  'GET /v1/realtime HTTP/1.1',
  'Host: x',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Extensions: permessage-deflate',
  '\r\n',
].join('\r\n');

type OnUpgrade = (request: Parameters<typeof acceptUpgrade>[0], socket: Socket, head: Buffer) => void;
const servers: Server[] = [];
const sockets: Socket[] = [];

async function serve(onUpgrade: OnUpgrade): Promise<{ client: Socket; text: () => string; over: () => boolean }> {
  const server = createServer();
  servers.push(server);
  server.on('upgrade', (request, socket, head) => onUpgrade(request, socket as Socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1');
  sockets.push(client);
  const chunks: Buffer[] = [];
  let over = false;
  client.on('data', (chunk) => chunks.push(chunk));
  client.on('close', () => (over = true));
  client.on('error', () => (over = true));
  return { client, text: () => Buffer.concat(chunks).toString(), over: () => over };
}
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function refused(refusal: Refusal, headers?: Record<string, string>) {
  const { client, text, over } = await serve((_request, socket) => refuseUpgrade(socket, refusal, headers));
  client.write(REQUEST);
  await eventually('the end', () => over() || null);
  const [head = '', body = ''] = text().split('\r\n\r\n');
  const [status = '', ...lines] = head.split('\r\n');
  const named = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return { status, headers: named, body };
}

describe('a refused upgrade', () => {
  it('is answered with the status and an OpenAI-shaped body of the stated length, and closed', async () => {
    const { status, headers, body } = await refused({ code: 'invalid_api_key', message: 'Schlüssel fehlt' });
    expect(status).toBe('HTTP/1.1 401 Unauthorized');
    expect(JSON.parse(body)).toEqual({
      error: { message: 'Schlüssel fehlt', type: 'invalid_request_error', code: 'invalid_api_key', param: null },
    });
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(headers.get('connection')).toBe('close');
    expect(headers.get('x-should-retry')).toBe('false');
    expect(headers.has('retry-after')).toBe(false);
  });

  it('says when to try again, in seconds and milliseconds', async () => {
    const refusal: Refusal = { code: 'concurrency_limit_exceeded', message: 'full', retryAfterMs: 1500.2 };
    const { status, headers, body } = await refused(refusal, { 'x-request-id': 'ses_1' });
    expect(status).toBe('HTTP/1.1 429 Too Many Requests');
    expect(headers.get('retry-after')).toBe('2');
    expect(headers.get('retry-after-ms')).toBe('1501');
    expect(headers.get('x-should-retry')).toBe('true');
    expect(headers.get('x-request-id')).toBe('ses_1');
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'rate_limit_exceeded', retry_after: 2 } });
  });

  it('names the version to speak when an upgrade is required', async () => {
    const { status, headers } = await refused({ code: 'upgrade_required', message: 'x' });
    expect(status).toBe('HTTP/1.1 426 Upgrade Required');
    expect(headers.get('sec-websocket-version')).toBe('13');
    expect(headers.get('upgrade')).toBe('websocket');
  });

  it('reaches a client that is still sending, and does not wait for it for ever', async () => {
    const { client, text, over } = await serve((_request, socket) =>
      refuseUpgrade(socket, { code: 'not_found', message: 'no such path' }),
    );
    client.write(REQUEST);
    const flood = (): void => {
      while (!client.destroyed && client.write(Buffer.alloc(16_384)));
    };
    client.on('drain', flood);
    flood();
    await eventually('the answer', () => text().includes('no such path') || null);
    await eventually('the end', () => over() || null);
  });
});

describe('an accepted upgrade', () => {
  it('computes Sec-WebSocket-Accept as RFC 6455 says', () => {
    expect(acceptValue('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  it('answers 101 with the subprotocol and no extension, and hands over what came with the request', async () => {
    let head: Buffer | null = null;
    const { client, text } = await serve((request, socket, early) => {
      const options = { wires: new WireFactory(), subprotocol: 'realtime', headers: { 'x-request-id': 'ses_1' } };
      const accepted = acceptUpgrade(request, socket, early, options);
      head = accepted.head;
      accepted.wire.write(Buffer.from('frames'));
    });
    client.write(`${REQUEST}early`);
    await eventually('the answer', () => text().endsWith('frames') || null);
    expect(text().toLowerCase()).toContain('sec-websocket-protocol: realtime\r\n');
    expect(text()).toContain('HTTP/1.1 101 Switching Protocols\r\n');
    expect(text()).toContain('x-request-id: ses_1');
    expect(text().toLowerCase()).not.toContain('extensions');
    expect(String(head)).toBe('early');
  });

  it('never writes a header that would split the response', async () => {
    let problem: unknown = null;
    const { client } = await serve((request, socket, head) => {
      try {
        acceptUpgrade(request, socket, head, {
          wires: new WireFactory(),
          subprotocol: null,
          headers: { a: 'b\r\nc: d' },
        });
      } catch (error) {
        problem = error;
      }
    });
    client.write(REQUEST);
    await eventually('the refusal', () => problem);
    expect(String(problem)).toMatch(/line break/);
  });
});

describe('a client that goes away while it waits', () => {
  it.each([
    ['by closing', (client: Socket) => client.end()],
    ['by resetting', (client: Socket) => client.resetAndDestroy()],
  ])('is noticed %s', async (_how, leave) => {
    let gone: AbortSignal | null = null;
    const { client } = await serve((_request, socket) => {
      socket.on('error', () => undefined);
      gone = clientGone(socket);
    });
    client.write(REQUEST);
    const signal = await eventually('the upgrade', () => gone);
    expect(signal.aborted).toBe(false);
    leave(client);
    await eventually('noticed', () => signal.aborted || null);
  });
});
