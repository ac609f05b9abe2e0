// The memory that all spliced wires of a process share. Reading and writing happen one at a time on the event loop, so
// one read buffer serves every socket, and one write block serves every write that the kernel takes at once. Only a
// receiver that falls behind gets blocks of its own, until they are sent.

/** The most one read takes; also the size of a block. */
export const BLOCK_BYTES = 65_536;

// Blocks kept for the next slow receiver. Beyond that the garbage collector has them.
const SPARE_BLOCKS_MAX = 64;

/** Shared buffers. One per process is enough; wires of different processes or threads must not share. */
export class SpliceMemory {
  /** Where every socket reads into. Holds bytes only while they are handled. */
  readonly readBuffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  private readonly spare: Buffer[] = [];

  /** A block of `BLOCK_BYTES`. Its owner gives it back or drops it. */
  takeBlock(): Buffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Takes a block back that nobody reads any more. */
  giveBack(block: Buffer): void {
    if (this.spare.length < SPARE_BLOCKS_MAX) this.spare.push(block);
  }
}
