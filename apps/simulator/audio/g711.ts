// ITU-T G.711 in both laws, by the reference segment method. Guarantees bit-exact encode of 16-bit samples and
// table decode. Own code because no kept library on npm carries both laws without a native build or a stream API.

/** Taken once: these run for every sample of every clip. */
const { abs, clz32, min } = Math;

const ULAW_BIAS = 0x84;
const ULAW_CLIP = 32_635;

/** Encodes one 16-bit sample as mu-law. */
export function encodeUlaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = min(abs(sample), ULAW_CLIP) + ULAW_BIAS;
  const exponent = 24 - clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

/** Decodes one mu-law byte to a 16-bit sample. */
export function decodeUlaw(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + ULAW_BIAS) << ((bits >> 4) & 0x07)) - ULAW_BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
}

/** Encodes one 16-bit sample as A-law. */
export function encodeAlaw(sample: number): number {
  const positive = sample >= 0;
  const magnitude = min(positive ? sample : -sample - 1, 32_767) >> 3;
  const exponent = magnitude < 32 ? 0 : 27 - clz32(magnitude);
  const mantissa = (exponent === 0 ? magnitude >> 1 : magnitude >> exponent) & 0x0f;
  return ((positive ? 0x80 : 0) | (exponent << 4) | mantissa) ^ 0x55;
}

/** Decodes one A-law byte to a 16-bit sample. */
export function decodeAlaw(code: number): number {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 0x07;
  const mantissa = bits & 0x0f;
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

/** Encodes samples (8 kHz) to G.711 bytes. */
export function encodeG711(law: 'audio/pcmu' | 'audio/pcma', samples: Int16Array): Buffer {
  const encode = law === 'audio/pcmu' ? encodeUlaw : encodeAlaw;
  return Buffer.from(Uint8Array.from(samples, encode));
}

/** Decodes G.711 bytes to samples (8 kHz). */
export function decodeG711(law: 'audio/pcmu' | 'audio/pcma', bytes: Uint8Array): Int16Array {
  const decode = law === 'audio/pcmu' ? decodeUlaw : decodeAlaw;
  return Int16Array.from(bytes, decode);
}
