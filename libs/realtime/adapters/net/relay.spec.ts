import { createHash, randomBytes, randomInt } from 'node:crypto';
import { connect } from 'node:net';
import type { WebSocket } from 'ws';
import { eventually } from '../../../../test/support/poll.js';
import type { FrameTap, FrameVerdict } from '../../core/tap.js';
import { testCertificate } from '../../test/certificate.js';
import { encodeFrame } from '../../core/frame-codec.js';
import { closeFrame, fragments } from '../../test/frames.js';
import { RelayRig, type RelayOptions } from '../../test/relay-rig.js';

const certificate = testCertificate();
const rigs: RelayRig[] = [];

async function openRig(options: RelayOptions = {}): Promise<RelayRig> {
  const rig = await RelayRig.open(options);
  rigs.push(rig);
  return rig;
}
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');

/** Remembers what arrives, as checksums. */
function received(socket: WebSocket): string[] {
  const all: string[] = [];
  socket.on('message', (data: Buffer, isBinary) => all.push(`${isBinary} ${hash(data)}`));
  return all;
}

/** Sends random messages, some in fragments with pings between them; returns their checksums. */
function sendRandom(socket: WebSocket, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = randomBytes(randomInt(i % 10 === 0 ? 200_000 : 3000));
    const binary = i % 7 === 0;
    const data = binary ? bytes : Buffer.from(`{"type":"t${i}","audio":"${bytes.toString('base64')}"}`);
    for (let at = 0, part = 0; ; part++) {
      const size = i % 3 === 0 ? randomInt(1, 5000) : data.length;
      const fin = at + size >= data.length;
      socket.send(data.subarray(at, at + size), { binary, fin });
      if (part % 2 === 1 && !fin) socket.ping('between');
      at += size;
      if (fin) return `${binary} ${hash(data)}`;
    }
  });
}

function closed(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}

describe.each([
  ['fastest', false],
  ['fastest', true],
  ['stream', false],
  ['stream', true],
] as const)('a relay of %s wires (TLS: %s)', (wires, tls) => {
  const TAPS: Record<string, FrameTap | null> = {
    'no tap': null,
    'a tap that passes': { interest: () => 'pass', message: () => 'drop' },
    'a tap that holds all': { interest: () => 'hold', message: () => 'forward' },
    'a tap that makes all wait': {
      interest: () => 'hold',
      message: () => new Promise<FrameVerdict>((resolve) => setImmediate(resolve, 'forward')),
    },
  };
  it.each(Object.keys(TAPS))(
    'keeps every message whole and in order, both ways at once, with %s',
    async (name) => {
      const tap = TAPS[name] ?? null;
      const taps = tap ? { fromClient: tap, fromUpstream: tap } : {};
      const rig = await openRig({ wires, taps, ...(tls ? { tls: await certificate } : {}) });
      const { client, call } = await rig.connect();
      const atUpstream = received(call.upstream);
      const atClient = received(client);
      const down = sendRandom(call.upstream, 100);
      const up = sendRandom(client, 100);
      await eventually(
        'all arrived',
        () => (atClient.length >= down.length && atUpstream.length >= up.length) || null,
        20_000,
      );
      expect(atClient).toEqual(down);
      expect(atUpstream).toEqual(up);
      expect(call.session.counters.fromClient.messages).toBe(up.length);
    },
    30_000,
  );

  it('tells the client how it ended, and frees both sockets', async () => {
    const rig = await openRig({ wires, ...(tls ? { tls: await certificate } : {}) });
    const { client, call } = await rig.connect();
    const told = closed(client);
    const upstreamTold = closed(call.upstream);
    call.session.end('draining');
    expect(await told).toMatchObject({ code: 4101 });
    expect((await upstreamTold).code).toBe(1000);
    expect(await rig.settled(call)).toMatchObject({ cause: 'draining' });
  });
});

describe.each(['fastest', 'stream'] as const)('a relay of %s wires', (wires) => {
  const limits = { highWaterBytes: 256 * 1024, lowWaterBytes: 64 * 1024, pausedMsMax: 300 };
  // One chunk of at most 64 KiB may be on its way when the source is stopped.
  const most = limits.highWaterBytes + 65_536;

  it('bounds what a client that does not read can make it buffer, ends slow_client, and drains the upstream', async () => {
    const rig = await openRig({ wires, limits });
    const { client, call } = await rig.connect();
    client.pause();
    for (let i = 0; i < 1500; i++) call.upstream.send(randomBytes(16_384));
    expect(await rig.settled(call)).toMatchObject({ cause: 'slow_client' });
    expect(call.session.counters.fromUpstream.bufferedBytesPeak).toBeLessThanOrEqual(most);
    expect(call.session.counters.fromUpstream.bufferedBytesPeak).toBeGreaterThan(limits.highWaterBytes);
  }, 20_000);

  it('bounds what an upstream that does not read can make it buffer, and ends slow_upstream', async () => {
    const rig = await openRig({ wires, limits });
    const { client, call } = await rig.connect();
    const told = closed(client);
    call.upstream.pause();
    for (let i = 0; i < 1500; i++) client.send(randomBytes(16_384));
    expect(await rig.settled(call)).toMatchObject({ cause: 'slow_upstream' });
    expect((await told).code).toBe(4112);
    expect(call.session.counters.fromClient.bufferedBytesPeak).toBeLessThanOrEqual(most);
  }, 20_000);

  it('answers pings of both sides and pings both sides', async () => {
    const rig = await openRig({ wires, limits: { pingIntervalMs: 100 } });
    const { client, call } = await rig.connect();
    const heard = new Set<string>();
    for (const [name, socket] of [
      ['client', client],
      ['upstream', call.upstream],
    ] as const) {
      socket.on('pong', (data) => heard.add(`${name} got pong ${data.toString()}`));
      socket.on('ping', () => heard.add(`${name} got ping`));
      socket.ping(name);
    }
    await eventually('pings and pongs', () => heard.size === 4 || null);
    expect([...heard].sort()).toEqual([
      'client got ping',
      'client got pong client',
      'upstream got ping',
      'upstream got pong upstream',
    ]);
    expect(call.session.counters.fromClient.messages).toBe(0);
  });

  it('ends client_lost when the client vanishes, and still reads the tail of the upstream', async () => {
    const seen: string[] = [];
    const tap: FrameTap = {
      interest: (type) => (type === 'response.done' ? 'hold' : 'pass'),
      message: (type) => (seen.push(type), 'forward'),
    };
    const settle = async (): Promise<void> => {
      await eventually('the tail', () => seen.length > 0 || null);
    };
    const rig = await openRig({ wires, taps: { fromUpstream: tap }, settle });
    const { client, call } = await rig.connect();
    client.terminate();
    expect(await call.session.ended).toMatchObject({ cause: 'client_lost' });
    call.upstream.send('{"type":"response.output_audio.delta"}');
    call.upstream.send('{"type":"response.done"}');
    await rig.settled(call);
    expect(seen).toEqual(['response.done']);
  });

  it('ends client_lost when a client is silent though its connection stands', async () => {
    const rig = await openRig({ wires, limits: { pingIntervalMs: 100, deadPeerMs: 400 } });
    const { call } = await rig.connect({ autoPong: false });
    expect(await rig.settled(call)).toMatchObject({ cause: 'client_lost' });
  });

  it.each([
    [
      'is closed with a code',
      (upstream: WebSocket) => upstream.close(4004, 'invalid_request_error.model_not_found'),
      4004,
      'upstream_closed',
    ],
    ['is closed without a code', (upstream: WebSocket) => upstream.close(), 4111, 'upstream_closed'],
    [
      'is too old',
      (upstream: WebSocket) => upstream.close(1001, 'Your session hit the maximum'),
      1001,
      'upstream_expired',
    ],
    ['breaks', (upstream: WebSocket) => upstream.terminate(), 4110, 'upstream_lost'],
  ] as const)('tells the client when the upstream %s', async (_what, act, code, cause) => {
    const rig = await openRig({ wires });
    const { client, call } = await rig.connect();
    const told = closed(client);
    act(call.upstream);
    expect((await told).code).toBe(code);
    expect(await rig.settled(call)).toMatchObject({ cause });
  });

  it('ends with one cause when everything happens at once', async () => {
    const rig = await openRig({ wires });
    for (let i = 0; i < 20; i++) {
      const { client, call } = await rig.connect();
      const acts = [
        () => client.terminate(),
        () => call.upstream.terminate(),
        () => call.session.end('key_revoked'),
        () => client.close(1000),
        () => call.upstream.close(4000, 'x'),
      ];
      acts.sort(() => randomInt(3) - 1);
      for (const act of acts) act();
      const ended = await call.session.ended;
      expect(await rig.settled(call)).toBe(ended);
    }
  }, 20_000);

  describe('given raw bytes of a client', () => {
    const MASK = 0x12345678;
    async function send(rig: RelayRig, bytes: Buffer): Promise<Buffer> {
      const socket = connect(rig.port, '127.0.0.1');
      const chunks: Buffer[] = [];
      let over = false;
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('close', () => (over = true));
      socket.on('error', () => undefined);
      const key = randomBytes(16).toString('base64');
      const lines = [
        'GET /v1/realtime HTTP/1.1',
        'Host: x',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${key}`,
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      await eventually('the upgrade', () => Buffer.concat(chunks).includes('session.created') || null);
      socket.write(bytes);
      await eventually('the close frame', () => Buffer.concat(chunks).includes(0x88) || over || null);
      socket.write(closeFrame(1000, '', MASK));
      await eventually('the end', () => over || null);
      return Buffer.concat(chunks);
    }
    const closeCode = (bytes: Buffer): number => bytes.readUInt16BE(bytes.lastIndexOf(0x88) + 2);

    it.each([
      ['an unmasked frame', encodeFrame(1, Buffer.from('x'), null), 1002],
      [
        'a reserved bit',
        Buffer.concat([Buffer.from([0xc1]), encodeFrame(1, Buffer.from('x'), MASK).subarray(1)]),
        1002,
      ],
      ['an unknown opcode', encodeFrame(5, Buffer.from('x'), MASK), 1002],
      ['a continuation of nothing', encodeFrame(0, Buffer.from('x'), MASK), 1002],
      ['an oversized message', encodeFrame(1, Buffer.alloc(100_000), MASK), 1009],
      [
        'a hundred thousand crumbs',
        Buffer.concat(fragments(Array<Buffer>(100_000).fill(Buffer.from('x')), MASK)),
        1009,
      ],
    ])('closes after %s', async (_what, bytes, code) => {
      const rig = await openRig({ wires, limits: { messageBytesMax: 65_536, fragmentsMax: 128 } });
      const answer = await send(rig, bytes);
      expect(closeCode(answer)).toBe(code);
      const [call] = rig.calls;
      expect(call && (await rig.settled(call)).cause).toBe(
        code === 1009 ? 'message_too_large' : 'client_protocol_error',
      );
    });
  });
});
