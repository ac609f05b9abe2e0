// PCM16 little-endian views and WAV reading, for the clips and for energy. Guarantees no copy where alignment allows.
// Own WAV reading because the only files read are those that clips/make.sh wrote.

/** Samples of a PCM16 byte run; an odd last byte is left out. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const length = bytes.length >> 1;
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, length);
  return new Int16Array(new Uint8Array(bytes).buffer, 0, length);
}

/** Bytes of samples, sharing memory. */
export function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Samples of a mono 24 kHz 16-bit WAV file. Throws with the reason when the file is anything else. */
export function readClipWav(file: Buffer): Int16Array {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error('not a RIFF/WAVE file');
  }
  let offset = 12;
  while (offset + 8 <= file.length) {
    const chunk = file.toString('latin1', offset, offset + 4);
    const size = file.readUInt32LE(offset + 4);
    const start = offset + 8;
    if (chunk === 'fmt ') requireClipFormat(file.subarray(start, start + size));
    if (chunk === 'data') return samplesOf(Buffer.from(file.subarray(start, start + size)));
    offset = start + size + (size % 2);
  }
  throw new Error('the WAV file has no data chunk');
}

function requireClipFormat(fmt: Buffer): void {
  const channels = fmt.readUInt16LE(2);
  const rate = fmt.readUInt32LE(4);
  const bits = fmt.readUInt16LE(14);
  if (channels !== 1 || rate !== 24_000 || bits !== 16) {
    throw new Error(`a clip must be mono 24000 Hz 16-bit, this one is ${channels} channel(s) ${rate} Hz ${bits}-bit`);
  }
}
