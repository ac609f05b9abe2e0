// How the upstream reads its sockets. An accepted socket allocates 64 KB for each read, which at thousands of sessions
// costs more than the frames; `net` offers reading into one buffer only for sockets that it dials itself. So a socket's
// handle is moved to a new socket that has that option. Guarantees the ordinary way where there is no such handle (TLS,
// or a Node that hides it): slower, never wrong.
import { Socket } from 'node:net';
import type { SocketConstructorOpts } from 'node:net';

const READ_BYTES = 256 * 1024;

type Handle = NonNullable<SocketConstructorOpts['handle']>;

/** Whether this is a plain socket's handle, which can read into a buffer of ours. */
function isPlainHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'useUserBuffer' in value;
}

/** Takes bytes that are overwritten when it returns. */
export type OnBytes = (bytes: Buffer, length: number) => void;

/** Reads the sockets of one process into one buffer. */
export class SharedReading {
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  /** Starts reading a socket that was accepted paused; gives the socket to use from then on. */
  read(accepted: Socket, onBytes: OnBytes): Socket {
    const handle: unknown = Reflect.get(accepted, '_handle');
    if (!isPlainHandle(handle) || 'encrypted' in accepted) {
      accepted.on('data', (chunk: Buffer) => onBytes(chunk, chunk.length));
      return accepted.resume();
    }
    Reflect.set(accepted, '_handle', null);
    const callback = (length: number): boolean => {
      onBytes(this.buffer, length);
      return true;
    };
    return new Socket({ handle, onread: { buffer: this.buffer, callback } });
  }
}
