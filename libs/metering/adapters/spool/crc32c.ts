// CRC-32C (Castagnoli), the checksum of storage formats: it finds every burst up to 32 bits and more flips than plain
// CRC-32. Node's zlib has only the plain one and records are small, so a table of our own beats a native dependency.

const POLYNOMIAL_REVERSED = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL_REVERSED : value >>> 1;
  return value;
});

/**
 * The checksum of the bytes, an unsigned 32-bit number.
 * @param previous checksum of the bytes before these, to go on with.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
