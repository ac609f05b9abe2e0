import { crc32c } from './crc32c.js';

test.each([
  ['the check value of the catalogue', Buffer.from('123456789'), 0xe3069283],
  ['RFC 3720: 32 zero bytes', Buffer.alloc(32), 0x8a9136aa],
  ['RFC 3720: 32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['RFC 3720: 32 ascending bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['nothing', Buffer.alloc(0), 0],
])('%s', (_name, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test('going on from a checksum is the same as doing it in one go', () => {
  const bytes = Buffer.from('123456789');
  expect(crc32c(bytes.subarray(4), crc32c(bytes.subarray(0, 4)))).toBe(crc32c(bytes));
});
