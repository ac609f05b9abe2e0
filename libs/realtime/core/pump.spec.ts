import fc from 'fast-check';
import { encodeFrame } from './frame-codec.js';
import { BINARY_TYPE, UNKNOWN_TYPE, type FrameTap, type FrameVerdict } from './tap.js';
import { PING, PONG, closeFrame, fragments, text } from '../test/frames.js';
import { rig, settled } from '../test/session-rig.js';

const MASK = 0xa1b2c3d4;

/** Cuts bytes into chunks of these sizes, in turn. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

// What becomes of a message is written into its type, so that the expected outcome needs no second model of the tap.
const FATES = [
  'pass',
  'note',
  'hold.forward',
  'hold.drop',
  'hold.replace',
  'hold.replace2',
  'later.forward',
  'later.drop',
  'later.replace',
];

function verdictOf(type: string): FrameVerdict {
  if (type.endsWith('forward')) return 'forward';
  if (type.endsWith('drop')) return 'drop';
  const one = Buffer.from(`instead of ${type}`);
  return { replace: type.endsWith('2') ? [one, one] : one };
}

function outcomeOf(payload: string, type: string): string[] {
  if (type.endsWith('drop')) return [];
  if (type.endsWith('2')) return [`instead of ${type}`, `instead of ${type}`];
  return type.endsWith('replace') ? [`instead of ${type}`] : [payload];
}

/** A tap that obeys the type, and parses what the sniff could not read. */
function fateTap(seen: string[], notedBytes: number[] = []): FrameTap {
  const parse = (payload: Buffer): string => {
    const parsed: unknown = JSON.parse(payload.toString());
    return typeof parsed === 'object' && parsed !== null && 'type' in parsed ? String(parsed.type) : '';
  };
  return {
    interest: (type) => (type === 'pass' || type === BINARY_TYPE ? 'pass' : type === 'note' ? 'note' : 'hold'),
    noted: (type, bytes) => {
      seen.push(type);
      notedBytes.push(bytes);
    },
    message: (sniffed, payload) => {
      const type = parse(payload);
      if (sniffed !== UNKNOWN_TYPE && sniffed !== type) throw new Error(`${sniffed} was ${type}`);
      seen.push(type);
      const verdict = type === 'pass' || type === 'note' ? 'forward' : verdictOf(type);
      return type.startsWith('later') ? Promise.resolve(verdict) : verdict;
    },
  };
}

const messageText = fc
  .record({
    fate: fc.constantFrom(...FATES),
    before: fc.string({ maxLength: 30 }),
    after: fc.string({ maxLength: 2000 }),
    first: fc.boolean(),
  })
  .map(({ fate, before, after, first }) => ({
    fate,
    payload: JSON.stringify(first ? { type: fate, before, after } : { before, type: fate, after }),
  }));
const scene = fc.record({
  messages: fc.array(
    fc.record({ message: messageText, pieces: fc.array(fc.nat(60), { maxLength: 4 }), ping: fc.boolean() }),
    { maxLength: 8 },
  ),
  sizes: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 12 }),
});
type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never;

function bytesOf({ messages }: Scene, maskKey: number | null): Buffer {
  return Buffer.concat(
    messages.flatMap(({ message, pieces, ping }) => {
      const payload = Buffer.from(message.payload);
      let at = 0;
      const parts = pieces.map((size) => payload.subarray(at, (at += size)));
      const frames = fragments([...parts, payload.subarray(at)], maskKey);
      if (ping) frames.splice(1, 0, encodeFrame(PING, Buffer.from('p'), maskKey));
      return frames;
    }),
  );
}

describe('a pump', () => {
  it.each([
    ['client', 'start'],
    ['client', 'whole'],
    ['upstream', 'start'],
    ['upstream', 'whole'],
  ] as const)(
    'forwards, drops and replaces what the %s says, in order, however its bytes are cut (types read from the %s)',
    async (sender, typesFrom) => {
      await fc.assert(
        fc.asyncProperty(scene, async (scenery) => {
          const seen: string[] = [];
          const notedBytes: number[] = [];
          const tap = { ...fateTap(seen, notedBytes), typesFrom };
          const made = rig(sender === 'client' ? { fromClient: tap } : { fromUpstream: tap });
          for (const chunk of cut(bytesOf(scenery, sender === 'client' ? MASK : null), scenery.sizes)) {
            made[sender].deliver(chunk);
            if (chunk.length % 3 === 0) await settled();
          }
          await settled();
          const all = scenery.messages.map(({ message }) => message);
          expect(sender === 'client' ? made.upstreamRead() : made.clientRead()).toEqual(
            all.flatMap(({ payload, fate }) => outcomeOf(payload, fate)),
          );
          expect(seen.filter((type) => type !== 'pass')).toEqual(
            all.map(({ fate }) => fate).filter((fate) => fate !== 'pass'),
          );
          // Those whose type could not be sniffed were held instead.
          const sizes = all.flatMap(({ fate, payload }) => (fate === 'note' ? [Buffer.byteLength(payload)] : []));
          expect(sizes).toEqual(expect.arrayContaining(notedBytes));
          expect(made.session.counters[sender === 'client' ? 'fromClient' : 'fromUpstream'].messages).toBe(all.length);
        }),
        { numRuns: 150 },
      );
    },
  );

  it.each([true, false])(
    'passes frames on byte for byte and cuts out control frames (a tap that passes all: %s)',
    (tapped) => {
      fc.assert(
        fc.property(scene, (scenery) => {
          const tap: FrameTap = { interest: () => 'pass', message: () => 'drop' };
          const made = rig({ fromClient: tapped ? tap : null });
          for (const chunk of cut(bytesOf(scenery, MASK), scenery.sizes)) made.client.deliver(chunk);
          const withoutPings = { ...scenery, messages: scenery.messages.map((each) => ({ ...each, ping: false })) };
          expect(made.upstream.output.equals(bytesOf(withoutPings, MASK))).toBe(true);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('writes a chunk of many whole frames at once, as it came', () => {
    const { upstream, client } = rig();
    const chunk = Buffer.concat(Array.from({ length: 50 }, (_, i) => text(`message ${i}`, null)));
    upstream.deliver(chunk);
    expect(client.written).toHaveLength(1);
    expect(client.output.equals(chunk)).toBe(true);
  });

  it('answers a ping to its sender, with its payload, and forwards nothing of it', () => {
    const { client, upstream, clientRead } = rig();
    client.deliver(encodeFrame(PING, Buffer.from('are you there'), MASK));
    expect(clientRead()).toEqual(['pong are you there']);
    upstream.deliver(encodeFrame(PONG, Buffer.from('late'), null));
    expect(upstream.output).toHaveLength(0);
  });

  it('waits with an answer while a frame to that side is half sent', () => {
    const { client, upstream, clientRead } = rig();
    const frame = text('a message in two chunks', null);
    upstream.deliver(frame.subarray(0, 10));
    client.deliver(encodeFrame(PING, Buffer.from('1'), MASK));
    client.deliver(encodeFrame(PING, Buffer.from('2'), MASK));
    upstream.deliver(frame.subarray(10));
    expect(clientRead()).toEqual(['a message in two chunks', 'pong 2']);
  });

  it('sends a text of ours between messages only, never inside of one', () => {
    const { session, upstream, clientRead } = rig();
    const [first, second] = fragments([Buffer.from('begin '), Buffer.from('end')], null);
    upstream.deliver(first ?? Buffer.alloc(0));
    expect(session.sendClient('ours')).toBe(true);
    upstream.deliver(second ?? Buffer.alloc(0));
    expect(clientRead()).toEqual(['begin end', 'ours']);
  });

  it('masks what it says upstream with a new key each time', () => {
    const { session, upstream, upstreamRead } = rig();
    session.sendUpstream('one');
    session.sendUpstream('one');
    expect(upstreamRead()).toEqual(['one', 'one']);
    const [first, second] = upstream.written;
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false);
  });

  it('lets nothing overtake a held message, and stands still meanwhile', async () => {
    const verdicts: ((verdict: FrameVerdict) => void)[] = [];
    const tap: FrameTap = {
      interest: (type) => (type === 'held' ? 'hold' : 'pass'),
      message: () => new Promise((resolve) => verdicts.push(resolve)),
    };
    const { upstream, clientRead } = rig({ fromUpstream: tap });
    const texts = ['{"type":"a"}', '{"type":"held"}', '{"type":"b"}'];
    upstream.deliver(Buffer.concat(texts.map((each) => text(each, null))));
    upstream.deliver(text('{"type":"c"}', null));
    await settled();
    expect(clientRead()).toEqual(['{"type":"a"}']);
    expect(upstream.paused).toBe(true);
    verdicts[0]?.('forward');
    await settled();
    expect(clientRead()).toEqual([...texts, '{"type":"c"}']);
    expect(upstream.paused).toBe(false);
  });

  it('drops a message whose verdict comes when the session has ended', async () => {
    const verdicts: ((verdict: FrameVerdict) => void)[] = [];
    const tap: FrameTap = {
      interest: () => 'hold',
      message: () => new Promise((resolve) => verdicts.push(resolve)),
    };
    const { session, client, upstreamRead } = rig({ fromClient: tap });
    client.deliver(text('{"type":"response.create"}', MASK));
    session.end('budget_exceeded');
    verdicts[0]?.('forward');
    await settled();
    expect(upstreamRead()).toEqual([]);
  });

  it('calls no message by a type that it names twice, where types are read from the whole', () => {
    const types: string[] = [];
    const tap: FrameTap = {
      typesFrom: 'whole',
      interest: (type) => (type === UNKNOWN_TYPE ? 'hold' : 'pass'),
      message: (type) => (types.push(type), 'drop'),
    };
    const { client, upstreamRead } = rig({ fromClient: tap });
    const twice = `{"type":"input_audio_buffer.append","audio":"${'A'.repeat(3000)}","type":"response.create"}`;
    const once = `{"type":"input_audio_buffer.append","audio":"${'A'.repeat(3000)}"}`;
    for (const chunk of cut(Buffer.concat([text(twice, MASK), text(once, MASK), text(twice, MASK)]), [700]))
      client.deliver(chunk);
    expect([types, upstreamRead()]).toEqual([[UNKNOWN_TYPE, UNKNOWN_TYPE], [once]]);
  });

  it('holds a message whose type it cannot read, and tells the tap so', () => {
    const types: string[] = [];
    const tap: FrameTap = { interest: () => 'hold', message: (type) => (types.push(type), 'forward') };
    const { client, upstreamRead } = rig({ fromClient: tap });
    client.deliver(text('{"\\u0074ype":"response.create"}', MASK));
    client.deliver(text('', MASK));
    expect(types).toEqual([UNKNOWN_TYPE, UNKNOWN_TYPE]);
    expect(upstreamRead()).toEqual(['{"\\u0074ype":"response.create"}', '']);
  });

  it('shows a binary message as such', () => {
    const types: string[] = [];
    const tap: FrameTap = { interest: (type) => (types.push(type), 'pass'), message: () => 'forward' };
    const { client, upstreamRead } = rig({ fromClient: tap });
    const frame = encodeFrame(2, Buffer.from('{"type":"response.done"}'), MASK);
    client.deliver(frame);
    client.deliver(frame.subarray(0, 6)); // The header alone, as a cut may leave it.
    client.deliver(frame.subarray(6));
    expect(types).toEqual([BINARY_TYPE, BINARY_TYPE]);
    expect(upstreamRead()).toEqual(['{"type":"response.done"}', '{"type":"response.done"}']);
  });

  it('asks no tap about a direction that has none', () => {
    const { client, upstreamRead } = rig({ fromUpstream: { interest: () => 'hold', message: () => 'drop' } });
    client.deliver(text('{"type":"response.create"}', MASK));
    expect(upstreamRead()).toEqual(['{"type":"response.create"}']);
  });

  it('ends the session when its tap throws or rejects, and does not forward that message', async () => {
    for (const fail of [
      () => Promise.reject(new Error('no')),
      () => {
        throw new Error('no');
      },
    ]) {
      const { session, upstream, clientRead } = rig({ fromUpstream: { interest: () => 'hold', message: fail } });
      upstream.deliver(Buffer.concat([text('{"type":"x"}', null), text('{"type":"y"}', null)]));
      expect(await session.ended).toMatchObject({ cause: 'internal_error', detail: 'Error: no' });
      expect(clientRead()).toEqual([]);
    }
  });

  it('reads nothing after a close frame', async () => {
    const { session, client, upstreamRead } = rig();
    client.deliver(Buffer.concat([text('a', MASK), closeFrame(1000, '', MASK), text('b', MASK)]));
    expect(await session.ended).toMatchObject({ cause: 'client_closed', peerClose: { code: 1000 } });
    expect(upstreamRead()).toEqual(['a']);
  });
});
