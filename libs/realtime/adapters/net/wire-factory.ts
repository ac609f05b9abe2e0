// Makes the fastest wire that a socket and this runtime allow.
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import type { Wire } from '../../core/wire.js';
import { SpliceMemory } from './splice-memory.js';
import { SpliceWire } from './splice-wire.js';
import { findHandle, findStreamInternals, type StreamInternals } from './stream-internals.js';
import { StreamWire } from './stream-wire.js';

/** Wraps upgraded sockets. One per process; holds the memory that its wires share. */
export class WireFactory {
  private readonly shared = new SpliceMemory();
  private readonly internals: StreamInternals | null;

  /** @param kind `stream` never uses the spliced wire; for comparison, and should a Node release break it. */
  constructor(kind: 'fastest' | 'stream' = 'fastest') {
    this.internals = kind === 'fastest' ? findStreamInternals() : null;
  }

  /** Takes a connected socket over for good: nobody else may read or write it. */
  wrap(stream: Duplex): Wire {
    if (stream instanceof Socket) {
      // Audio frames are small and must not wait for more; a dead peer is found by pings, and by this if those stop.
      stream.setTimeout(0);
      stream.setNoDelay(true);
      stream.setKeepAlive(true, 60_000);
      const handle = this.internals === null ? null : findHandle(stream);
      if (handle !== null && this.internals !== null) {
        return new SpliceWire(stream, handle, this.internals, this.shared);
      }
    }
    return new StreamWire(stream);
  }
}
