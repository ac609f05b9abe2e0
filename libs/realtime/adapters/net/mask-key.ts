// Random masks for the frames that we send upstream. Drawn in blocks, because a call to the system per frame is dear.
import { randomFillSync } from 'node:crypto';

const BLOCK_BYTES = 4096;

/** A source of fresh, unpredictable 32-bit masks (RFC 6455 section 5.3). */
export function randomMaskKeys(): () => number {
  const block = Buffer.alloc(BLOCK_BYTES);
  let next = BLOCK_BYTES;
  return () => {
    if (next === BLOCK_BYTES) {
      randomFillSync(block);
      next = 0;
    }
    const key = block.readUInt32BE(next);
    next += 4;
    return key;
  };
}
