import { encodeFrame } from './frame-codec.js';
import type { EndCause, EndedBy } from './end-cause.js';
import type { FrameTap } from './tap.js';
import { PING, PONG, closeFrame, fragments, read, text } from '../test/frames.js';
import { rig, settled, type Rig } from '../test/session-rig.js';

const MASK = 0x0badcafe;
const NOTHING = Buffer.alloc(0);

async function causeOf({ session }: Rig): Promise<EndedBy | null> {
  return Promise.race([session.ended, settled().then(() => null)]);
}

describe('a session ends with', () => {
  it.each<[EndCause, string, (made: Rig) => void]>([
    ['client_closed', 'a close frame of the client', ({ client }) => client.deliver(closeFrame(1000, '', MASK))],
    ['client_lost', 'a client that hangs up', ({ client }) => client.peerEnds()],
    ['client_lost', 'a client connection that breaks', ({ client }) => client.breaks()],
    ['client_protocol_error', 'an unmasked frame of the client', ({ client }) => client.deliver(text('x', null))],
    [
      'client_protocol_error',
      'a close frame that is wrong',
      ({ client }) => client.deliver(closeFrame(1006, '', MASK)),
    ],
    ['message_too_large', 'a message past the limit', ({ client }) => client.deliver(text('x'.repeat(70_000), MASK))],
    [
      'message_too_large',
      'too many fragments',
      ({ client }) => client.deliver(Buffer.concat(fragments(Array<Buffer>(40).fill(NOTHING), MASK))),
    ],
    [
      'upstream_closed',
      'a close frame of the upstream',
      ({ upstream }) => upstream.deliver(closeFrame(4000, 'no', null)),
    ],
    [
      'upstream_expired',
      'close 1001 of the upstream',
      ({ upstream }) => upstream.deliver(closeFrame(1001, 'old', null)),
    ],
    ['upstream_lost', 'an upstream that hangs up', ({ upstream }) => upstream.peerEnds()],
    ['upstream_lost', 'an upstream connection that breaks', ({ upstream }) => upstream.breaks()],
    ['upstream_protocol_error', 'a masked frame of the upstream', ({ upstream }) => upstream.deliver(text('x', MASK))],
    ['client_lost', 'a client that answers no ping', ({ upstream, ticker }) => answerUntil(upstream, null, ticker, 60)],
    [
      'upstream_lost',
      'an upstream that answers no ping',
      ({ client, ticker }) => answerUntil(client, MASK, ticker, 60),
    ],
    ['idle_timeout', 'no message for too long', (made) => bothAnswer(made, 100)],
    ['ended_by_admin', 'what it is told', ({ session }) => session.end('ended_by_admin')],
  ])('%s after %s', async (cause, _what, happen) => {
    const made = rig({ limits: { messageBytesMax: 65_536, fragmentsMax: 32, idleMsMax: 90_000 } });
    happen(made);
    expect((await causeOf(made))?.cause).toBe(cause);
  });

  it('max_duration when its time is up, however busy it is', async () => {
    const made = rig({ limits: { durationMsMax: 5000, idleMsMax: 3000 } });
    for (let i = 0; i < 5; i++) {
      made.client.deliver(text('busy', MASK));
      made.ticker.pass(1);
    }
    expect((await causeOf(made))?.cause).toBe('max_duration');
  });

  it('exactly one cause, the first, whatever follows', async () => {
    const made = rig();
    made.upstream.deliver(closeFrame(4004, 'gone', null));
    made.client.deliver(closeFrame(1000, '', MASK));
    made.session.end('draining');
    made.client.breaks();
    made.upstream.breaks();
    expect(await made.session.ended).toMatchObject({
      cause: 'upstream_closed',
      peerClose: { code: 4004, reason: 'gone' },
    });
  });

  it('the close frame that came before the connection broke, even when a verdict held it up', async () => {
    let give: (verdict: 'forward') => void = () => undefined;
    const tap: FrameTap = { interest: () => 'hold', message: () => new Promise((resolve) => (give = resolve)) };
    const made = rig({ fromUpstream: tap });
    made.upstream.deliver(Buffer.concat([text('{"type":"response.done"}', null), closeFrame(1000, 'bye', null)]));
    made.upstream.breaks();
    expect(await causeOf(made)).toBeNull();
    give('forward');
    expect(await made.session.ended).toMatchObject({ cause: 'upstream_closed', peerClose: { reason: 'bye' } });
    expect(made.clientRead()).toEqual(['{"type":"response.done"}']);
  });
});

function answerUntil(wire: Rig['client'], maskKey: number | null, ticker: Rig['ticker'], seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    if (i % 20 === 19) wire.deliver(encodeFrame(PONG, NOTHING, maskKey));
    ticker.pass(1);
  }
}

function bothAnswer(made: Rig, seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    if (i % 20 === 19) made.client.deliver(encodeFrame(PONG, NOTHING, MASK));
    if (i % 20 === 19) made.upstream.deliver(encodeFrame(PONG, NOTHING, null));
    made.ticker.pass(1);
  }
}

describe('liveness', () => {
  it('is asked of both sides every 20 s', () => {
    const made = rig();
    bothAnswer(made, 61);
    expect(made.clientRead()).toEqual(['ping', 'ping', 'ping']);
    expect(made.upstreamRead()).toEqual(['ping', 'ping', 'ping']);
  });

  it('is denied within 45 s of the last byte', async () => {
    const made = rig();
    made.client.deliver(text('last', MASK));
    answerUntil(made.upstream, null, made.ticker, 45);
    expect((await causeOf(made))?.cause).toBe('client_lost');
    expect(made.client.destroyed).toBe(true);
  });

  it('is not doubted while we ourselves do not read', async () => {
    const made = rig({ limits: { highWaterBytes: 10, lowWaterBytes: 5, pausedMsMax: 1e9 } });
    made.client.takes = false;
    made.upstream.deliver(text('more than ten bytes', null));
    for (let i = 0; i < 100; i++) {
      made.client.deliver(encodeFrame(PONG, NOTHING, MASK));
      made.ticker.pass(1);
    }
    expect(made.upstream.paused).toBe(true);
    expect(await causeOf(made)).toBeNull();
  });
});

describe('flow control', () => {
  const limits = { highWaterBytes: 1000, lowWaterBytes: 200, hardCapBytes: 10_000, pausedMsMax: 5000 };
  it.each(['client', 'upstream'] as const)(
    'stops the source above high water and starts it below low water (slow %s)',
    (slow) => {
      const made = rig({ limits });
      const source = slow === 'client' ? made.upstream : made.client;
      const frame = text('x'.repeat(300), slow === 'client' ? null : MASK);
      made[slow].takes = false;
      for (let i = 0; i < 20; i++) source.deliver(frame);
      expect(made[slow].bufferedBytes).toBeLessThanOrEqual(1000 + frame.length);
      expect(source.paused).toBe(true);
      made[slow].drainTo(201);
      expect(source.paused).toBe(true);
      made[slow].takes = true;
      made[slow].drainTo(200);
      expect(source.paused).toBe(false);
      const sender = slow === 'client' ? 'server' : 'client';
      expect(read(made[slow].output, sender)).toHaveLength(20);
    },
  );

  it.each([
    ['client', 'slow_client'],
    ['upstream', 'slow_upstream'],
  ] as const)('ends the session when the %s stays slow', async (slow, cause) => {
    const made = rig({ limits });
    made[slow].takes = false;
    const source = slow === 'client' ? made.upstream : made.client;
    source.deliver(text('x'.repeat(2000), slow === 'client' ? null : MASK));
    made.ticker.pass(5);
    expect(await causeOf(made)).toBeNull();
    made.ticker.pass(2);
    expect((await causeOf(made))?.cause).toBe(cause);
  });

  it('goes on reading the upstream for the tap after a client was too slow, and sends that client nothing more', async () => {
    const seen: string[] = [];
    const made = rig({
      limits,
      fromUpstream: { interest: (type) => (seen.push(type), 'pass'), message: () => 'drop' },
    });
    made.client.takes = false;
    made.upstream.deliver(text('x'.repeat(2000), null));
    made.ticker.pass(7);
    expect((await causeOf(made))?.cause).toBe('slow_client');
    const sent = made.client.output.length;
    made.upstream.deliver(text('{"type":"response.done"}', null));
    expect(made.upstream.paused).toBe(false);
    expect(seen).toContain('response.done');
    expect(made.client.output).toHaveLength(sent);
  });

  it('ends the session at once over the hard cap', async () => {
    const made = rig({ limits });
    made.client.takes = false;
    made.upstream.deliver(text('x'.repeat(20_000), null));
    expect((await causeOf(made))?.cause).toBe('slow_client');
  });

  it('does not let a client that pings and never reads fill memory with answers', () => {
    const made = rig({ limits });
    made.client.takes = false;
    for (let i = 0; i < 10_000; i++) made.client.deliver(encodeFrame(PING, Buffer.alloc(100), MASK));
    expect(made.client.bufferedBytes).toBeLessThan(1000 + 200);
  });

  it('does not start a source that also awaits a verdict, whichever of the two is over first', async () => {
    for (const drainFirst of [true, false]) {
      let give: (verdict: 'forward') => void = () => undefined;
      const tap: FrameTap = {
        interest: (type) => (type === 'held' ? 'hold' : 'pass'),
        message: () => new Promise((resolve) => (give = resolve)),
      };
      const made = rig({ limits, fromUpstream: tap });
      made.client.takes = false;
      const long = `{"type":"long","x":"${'x'.repeat(1500)}"}`;
      made.upstream.deliver(Buffer.concat([text(long, null), text('{"type":"held"}', null)]));
      const ends = [() => made.client.drainTo(0), () => give('forward')];
      for (const end of drainFirst ? ends : ends.reverse()) {
        expect(made.upstream.paused).toBe(true);
        end();
        await settled();
      }
      expect(made.upstream.paused).toBe(false);
      expect(made.clientRead()).toEqual([long, '{"type":"held"}']);
    }
  });

  it('counts the most that was buffered, and the stops', () => {
    const made = rig({ limits });
    made.client.takes = false;
    made.upstream.deliver(text('x'.repeat(1500), null));
    expect(made.session.counters.fromUpstream).toMatchObject({ bufferedBytesPeak: 1504, pauses: 1 });
  });
});

describe('closing', () => {
  it('tells the client the cause: error event, close frame, then the end of the stream', async () => {
    const made = rig();
    made.session.end('key_revoked');
    const closed = made.session.closeClient(2000);
    const [event, close] = made.clientRead();
    expect(JSON.parse(event ?? '')).toMatchObject({
      type: 'error',
      event_id: 'event_end_ses_test',
      error: { code: 'invalid_api_key' },
    });
    expect(close).toMatch(/^close 4500 key_revoked/);
    expect(made.client.ended).toBe(false);
    made.client.deliver(closeFrame(4500, '', MASK));
    expect(made.client.ended).toBe(true);
    made.client.breaks();
    await closed;
  });

  it('cuts a client that does not answer the close at the deadline', async () => {
    const made = rig();
    made.session.end('draining');
    const closed = made.session.closeClient(2000);
    made.ticker.pass(1);
    expect(made.client.destroyed).toBe(false);
    made.ticker.pass(1);
    expect(made.client.destroyed).toBe(true);
    await closed;
  });

  it('forwards the code of the upstream to the client, and echoes it to the upstream', () => {
    const made = rig();
    made.upstream.deliver(closeFrame(4004, 'invalid_request_error.model_not_found', null));
    void made.session.closeClient(1000);
    void made.session.closeUpstream(4004, '', 1000);
    expect(made.clientRead()).toEqual(['close 4004 invalid_request_error.model_not_found']);
    expect(made.upstreamRead()).toEqual(['close 4004']);
    expect(made.upstream.ended).toBe(true);
  });

  it('waits for the end of a frame that is half forwarded, and never breaks into it', () => {
    const made = rig();
    const frame = text('{"type":"response.output_audio.delta"}', null);
    made.upstream.deliver(frame.subarray(0, 12));
    made.session.end('ended_by_admin');
    void made.session.closeClient(1000);
    expect(made.client.output).toHaveLength(12);
    made.upstream.deliver(frame.subarray(12));
    made.upstream.deliver(text('after the close', null));
    expect(made.clientRead()).toEqual([
      '{"type":"response.output_audio.delta"}',
      expect.stringContaining('"ended_by_admin"'),
      expect.stringMatching(/^close 4502/),
    ]);
  });

  it('just ends the stream when the upstream broke off inside a frame', () => {
    const made = rig();
    made.upstream.deliver(text('half', null).subarray(0, 4));
    made.upstream.breaks();
    void made.session.closeClient(1000);
    expect(made.client.output).toHaveLength(4);
    expect(made.client.ended).toBe(true);
  });

  it('sends the close frame without the event when the upstream broke off between fragments', () => {
    const made = rig();
    made.upstream.deliver(fragments([Buffer.from('half'), Buffer.from('never sent')], null)[0] ?? NOTHING);
    made.upstream.breaks();
    void made.session.closeClient(1000);
    const sent = made.client.output.subarray(2 + 4);
    expect(read(sent, 'server')).toEqual([expect.stringMatching(/^close 4110 upstream_lost/)]);
  });

  it('does not wait for the answer of a peer that hung up or cannot be understood', () => {
    const made = rig();
    made.client.deliver(text('unmasked', null));
    made.upstream.peerEnds();
    void made.session.closeClient(1000);
    void made.session.closeUpstream(1000, '', 1000);
    expect([made.client.ended, made.upstream.ended]).toEqual([true, true]);
    expect(made.clientRead()).toEqual([expect.stringMatching(/^close 1002/)]);
  });

  it('says nothing to a client that is lost, and frees it', async () => {
    const made = rig();
    made.client.peerEnds();
    await made.session.closeClient(1000);
    expect(made.client.output).toHaveLength(0);
    expect(made.client.destroyed).toBe(true);
  });

  it('without an end cause before it is an internal error, not silence', async () => {
    const made = rig();
    void made.session.closeClient(1000);
    expect((await causeOf(made))?.cause).toBe('internal_error');
  });

  it('cuts an upstream that does not answer the close, at once and not at the next tick', async () => {
    const made = rig();
    void made.session.closeUpstream(1000, '', 60_000);
    expect(made.upstream.destroyed).toBe(false);
    await made.session.cutUpstream();
    expect(made.upstream.destroyed).toBe(true);
  });

  it('replaces a code that may not be sent upstream by 1000', () => {
    const made = rig();
    void made.session.closeUpstream(1006, 'x', 1000);
    expect(made.upstreamRead()).toEqual(['close 1000 x']);
  });

  it('leaves nothing to sweep once both wires are gone', async () => {
    const made = rig();
    made.session.end('draining');
    const both = Promise.all([made.session.closeClient(1000), made.session.closeUpstream(1000, '', 1000)]);
    made.ticker.pass(2);
    await both;
    made.ticker.pass(1);
    expect(made.ticker.size).toBe(0);
  });
});

describe('after the client is gone', () => {
  it('the tail of the upstream still reaches the tap, and it can still be spoken to', () => {
    const seen: string[] = [];
    const tap: FrameTap = { interest: () => 'hold', message: (type) => (seen.push(type), 'forward') };
    const made = rig({ fromUpstream: tap });
    made.client.breaks();
    expect(made.session.sendUpstream('{"type":"response.cancel"}')).toBe(true);
    made.upstream.deliver(text('{"type":"response.output_audio.delta"}', null));
    made.upstream.deliver(text('{"type":"response.done"}', null));
    expect(seen).toEqual(['response.output_audio.delta', 'response.done']);
    expect(made.upstreamRead()).toEqual(['{"type":"response.cancel"}']);
  });

  it('an upstream that was stopped for a slow client is read again', async () => {
    const made = rig({ limits: { highWaterBytes: 10, lowWaterBytes: 5 } });
    made.client.takes = false;
    made.upstream.deliver(text('more than ten bytes', null));
    expect(made.upstream.paused).toBe(true);
    made.client.breaks();
    expect(made.upstream.paused).toBe(false);
  });

  it('its last words are not forwarded as somebody else: input stops, pings are still answered', () => {
    const made = rig();
    made.session.end('draining');
    made.client.deliver(text('too late', MASK));
    made.client.deliver(encodeFrame(PING, Buffer.from('p'), MASK));
    expect(made.upstreamRead()).toEqual([]);
    expect(made.clientRead()).toEqual(['pong p']);
  });

  it('texts for it are refused', () => {
    const made = rig();
    made.client.breaks();
    expect(made.session.sendClient('x')).toBe(false);
  });
});

describe('heads', () => {
  it('are scanned first, like any other bytes', () => {
    const types: string[] = [];
    const tap: FrameTap = { interest: (type) => (types.push(type), 'pass'), message: () => 'forward' };
    const created = text('{"type":"session.created"}', null);
    const hello = text('{"type":"session.update"}', MASK);
    const made = rig({
      fromUpstream: tap,
      upstreamHead: Buffer.concat([created, created.subarray(0, 5)]),
      clientHead: hello,
    });
    made.upstream.deliver(created.subarray(5));
    expect(types).toEqual(['session.created', 'session.created']);
    expect(made.clientRead()).toHaveLength(2);
    expect(made.upstreamRead()).toEqual(['{"type":"session.update"}']);
  });

  it('that await a verdict keep their source from being read', async () => {
    let give: (verdict: 'forward') => void = () => undefined;
    const tap: FrameTap = { interest: () => 'hold', message: () => new Promise((resolve) => (give = resolve)) };
    const made = rig({ fromUpstream: tap, upstreamHead: text('{"type":"session.created"}', null) });
    expect(made.upstream.paused).toBe(true);
    give('forward');
    await settled();
    expect(made.upstream.paused).toBe(false);
    expect(made.clientRead()).toEqual(['{"type":"session.created"}']);
  });
});

describe('taps that come later', () => {
  const seen: string[] = [];
  const tap: FrameTap = {
    interest: () => 'hold',
    message: (type, payload) => {
      seen.push(`${type} ${payload.length}`);
      return { replace: Buffer.from('seen') };
    },
  };
  const update = text('{"type":"session.update"}', MASK);
  beforeEach(() => void seen.splice(0));

  it('see the messages that begin from then on, and none before', () => {
    const made = rig();
    const begun = text('{"type":"conversation.item.create"}', MASK);
    made.client.deliver(begun.subarray(0, 20));
    made.session.setTaps({ fromClient: tap, fromUpstream: null });
    made.client.deliver(Buffer.concat([begun.subarray(20), update]));
    made.upstream.deliver(text('{"type":"response.done"}', null));
    expect(seen).toEqual(['session.update 25']);
    expect(made.upstreamRead()).toEqual(['{"type":"conversation.item.create"}', 'seen']);
    expect(made.clientRead()).toEqual(['{"type":"response.done"}']);
  });

  it('leave a message to the tap that holds it', async () => {
    let give: (verdict: 'forward') => void = () => undefined;
    const first: FrameTap = { interest: () => 'hold', message: () => new Promise((resolve) => (give = resolve)) };
    const made = rig({ fromClient: first });
    made.client.deliver(Buffer.concat([text('{"type":"response.create"}', MASK), update]));
    made.session.setTaps({ fromClient: tap, fromUpstream: null });
    give('forward');
    await settled();
    expect(made.upstreamRead()).toEqual(['{"type":"response.create"}', 'seen']);
  });
});

describe('the probe', () => {
  it('hears about one chunk in 64, a held one only when it went on', async () => {
    const heard: string[] = [];
    let give: (verdict: 'forward') => void = () => undefined;
    const tap: FrameTap = { interest: () => 'hold', message: () => new Promise((resolve) => (give = resolve)) };
    const made = rig({ fromUpstream: tap, probe: { relayDelay: (direction) => heard.push(direction) } });
    for (let i = 0; i < 128; i++) made.client.deliver(text('x', MASK));
    made.upstream.deliver(text('{"type":"response.done"}', null));
    expect(heard).toEqual(['fromClient', 'fromClient']);
    give('forward');
    await settled();
    expect(heard).toEqual(['fromClient', 'fromClient', 'fromUpstream']);
  });
});
