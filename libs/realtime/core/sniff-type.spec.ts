import fc from 'fast-check';
import { certainType } from './certain-type.js';
import { NEED_MORE, SNIFF_BYTES_MAX, sniffType } from './sniff-type.js';
import { UNKNOWN_TYPE } from './tap.js';

const sniff = (text: string): string => {
  const bytes = Buffer.from(text);
  return sniffType(bytes, 0, bytes.length);
};

// A JSON text of an object in which everything JSON leaves free is random: spaces, escapes, order of the keys.
const space = fc.constantFrom('', '', '', ' ', '\n', '\t', '  \r\n');
const escaped = (text: string, pick: number): string =>
  [...JSON.stringify(text)]
    .map((character, i) =>
      /[a-z.]/i.test(character) && (i * 7 + pick) % 11 === 0 && !JSON.stringify(text).includes('\\')
        ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
        : character,
    )
    .join('');
const typeValue = fc.oneof(
  fc.constantFrom('response.done', 'input_audio_buffer.append', 'session.update', 'unknown', NEED_MORE, '', 'type'),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 200 }),
  fc.integer(),
  fc.constant(null),
);
const member = fc.tuple(
  fc.oneof(fc.constantFrom('event_id', 'types', 'Type', 'typ', ' type', 'delta', 'audio'), fc.string({ maxLength: 8 })),
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.string(),
    fc.constantFrom('type', '"type":"x"', '\\', '\\"', '{"type":"y"'),
  ),
);
const objectText = fc
  .record({
    type: fc.option(typeValue),
    members: fc.uniqueArray(member, { maxLength: 4, selector: ([key]) => key }),
    at: fc.nat(4),
    spaces: fc.array(space, { minLength: 30, maxLength: 30 }),
    pick: fc.nat(40),
  })
  .map(({ type, members, at, spaces, pick }) => {
    const all: [string, unknown][] = members.filter(([key]) => key !== 'type');
    if (type !== null) all.splice(Math.min(at, all.length), 0, ['type', type]);
    let i = 0;
    const gap = (): string => spaces[i++ % spaces.length] ?? '';
    const value = (of: unknown): string => (typeof of === 'string' ? escaped(of, pick) : JSON.stringify(of));
    const parts = all.map(([key, of]) => `${gap()}${escaped(key, pick)}${gap()}:${gap()}${value(of)}${gap()}`);
    return `${gap()}{${parts.join(',')}${parts.length === 0 ? gap() : ''}}${gap()}`;
  });

// The same with keys that come again, `type` above all, at any place and with any escape.
const repeated = fc.tuple(
  fc.oneof(fc.constantFrom('type', 'type', 'type', 'item', 'types'), fc.string({ maxLength: 3 })),
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<unknown>('response.done', 'input_audio_buffer.append', 'a', null) },
    { weight: 1, arbitrary: fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant('"type":"x"'), typeValue) },
  ),
  fc.constantFrom(null, null, null, 2, 9, 6, 10),
);
const repeating = fc
  .record({
    members: fc.array(repeated, { minLength: 1, maxLength: 4 }),
    spaces: fc.array(space, { minLength: 30, maxLength: 30 }),
  })
  .map(({ members, spaces }) => {
    let i = 0;
    const gap = (): string => spaces[i++ % spaces.length] ?? '';
    const nameOf = (name: string, pick: number | null) => (pick === null ? JSON.stringify(name) : escaped(name, pick));
    const parts = members.map(
      ([name, of, pick]) => `${gap()}${nameOf(name, pick)}${gap()}:${gap()}${JSON.stringify(of)}${gap()}`,
    );
    return { text: `${gap()}{${parts.join(',')}}${gap()}`, types: members.filter(([name]) => name === 'type') };
  });

const typeOf = (text: string): unknown => {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'type' in parsed ? parsed.type : undefined;
};

describe('the type sniff', () => {
  it('never reads a type that JSON.parse would not', () => {
    fc.assert(
      fc.property(objectText, (text) => {
        const sniffed = sniff(text);
        if (sniffed !== UNKNOWN_TYPE && sniffed !== NEED_MORE) expect(sniffed).toBe(typeOf(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('never reads another type from a prefix than from the whole', () => {
    fc.assert(
      fc.property(objectText, fc.nat(), (text, at) => {
        const bytes = Buffer.from(text);
        const sniffed = sniffType(bytes, 0, at % (bytes.length + 1));
        if (sniffed !== UNKNOWN_TYPE && sniffed !== NEED_MORE) expect(sniffed).toBe(typeOf(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('never reads outside of its range, and never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), fc.nat(64), (bytes, from, length) => {
        const whole = Buffer.from(bytes);
        const start = Math.min(from, whole.length);
        const end = Math.min(start + length, whole.length);
        const alone = Buffer.from(whole.subarray(start, end));
        expect(sniffType(whole, start, end)).toBe(sniffType(alone, 0, alone.length));
      }),
    );
  });

  it.each([
    ['{"type":"response.done","response":{', 'response.done'],
    ['{ "type" : "session.update" }', 'session.update'],
    ['{"event_id":"event_1","type":"response.create"}', 'response.create'],
    ['{"event_id":"a \\" b","n":-1.5e+3,"x":null,"y":true,"type":"response.create"}', 'response.create'],
    ['\n\t{"type":"error"', 'error'],
  ])('reads the type of %s', (text, type) => {
    expect(sniff(text)).toBe(type);
  });

  it.each([
    '{"\\u0074ype":"response.done"}',
    '{"type":"response\\u002edone"}',
    '{"type":7}',
    '{"session":{"type":"x"},"type":"session.update"}',
    '[{"type":"x"}]',
    '\ufeff{"type":"x"}',
    'nonsense',
    `{"type":"${'x'.repeat(129)}"}`,
    '{"type":"a b"}',
    '{}',
  ])('leaves %s to a parser', (text) => {
    expect(sniff(text)).toBe(UNKNOWN_TYPE);
  });

  it.each(['', '{', '{"ty', '{"type"', '{"type":', '{"type":"respon', '{"event_id":"abc', '{"a":12'])(
    'asks for more after %j',
    (text) => {
      expect(sniff(text)).toBe(NEED_MORE);
    },
  );

  it('finds a type that follows up to a kilobyte of other members', () => {
    const text = `{"event_id":"${'x'.repeat(SNIFF_BYTES_MAX - 60)}","type":"session.update"}`;
    expect(sniff(text)).toBe('session.update');
  });
});

describe('a certain type', () => {
  const certain = (text: string, before = 'type":"', after = '"type":"x"}'): string => {
    const bytes = Buffer.from(before + text + after);
    const start = Buffer.byteLength(before);
    return certainType(bytes, start, bytes.length - Buffer.byteLength(after));
  };

  it('is the only one that a message has, whatever is repeated, escaped or nested in it', () => {
    let given = 0;
    fc.assert(
      fc.property(repeating, ({ text, types }) => {
        const type = certain(text);
        if (type === UNKNOWN_TYPE) return;
        given += 1;
        expect(types.map(([, value]) => value)).toEqual([type]);
        expect(typeOf(text)).toBe(type);
      }),
      { numRuns: 3000 },
    );
    expect(given).toBeGreaterThan(100);
  });

  it.each([
    ['{"type":"input_audio_buffer.append","audio":"AAAA"}', 'input_audio_buffer.append'],
    [
      '{"type":"conversation.item.create","item":{"type":"message","content":[{"type":"x"}]}} ',
      'conversation.item.create',
    ],
    ['{"type":"a","b":"\\"type\\":","c":{"\\u0074ype":1}}', 'a'],
    [`{"event_id":"1","type":"a","audio":"${'A'.repeat(5000)}"}`, 'a'],
  ])('is read of %s', (text, type) => {
    expect(certain(text)).toBe(type);
  });

  it.each([
    '{"type":"input_audio_buffer.append","audio":"AAAA","type":"response.create"}',
    '{"type":"a","type":"a"}',
    '{"type":"a","\\u0074ype":"response.create"}',
    '{"type":"a"}{"type":"response.create"}',
    '{"type":"a"} x',
    '{"type":"a","x":],"type":"b","y":[}',
    '{"type":"a","x":"',
    '{"type":"a"',
    `{"type":"a","audio":"${'A'.repeat(5000)}","type":"response.create"}`,
  ])('is not given for %s', (text) => {
    expect(certain(text)).toBe(UNKNOWN_TYPE);
  });
});
