// Finds the handle below a socket. Node has no public way to read an accepted socket into reused memory or to write
// without the stream machinery, so this file looks for the parts by name and shape, and answers null when anything is
// missing: then the ordinary stream wire is used. Everything we assume about Node's inside is written down here.
import { Socket } from 'node:net';
import process from 'node:process';
import { types } from 'node:util';

/** A libuv stream handle, as far as it is used. The functions return 0 or a negative error number. */
export interface StreamHandle {
  onread: (this: void) => void;
  /** The stream starts reading by itself while this is false. */
  reading: boolean;
  readStart(): number;
  readStop(): number;
  /** From now on reads go into this memory. */
  useUserBuffer(buffer: Uint8Array): void;
  /** Writes at once what the kernel takes; the rest later, from the same memory, ending in `request.oncomplete`. */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
}

/** A pending write. May be used again when the write was complete on return. */
export interface WriteRequest {
  oncomplete: ((status: number) => void) | null;
}

/** The parts of Node's stream binding. */
export interface StreamInternals {
  newWriteRequest(): WriteRequest;
  /** After `onread`: the bytes read, or a negative error number. */
  bytesReadOrError(): number;
  /** After `writeBuffer`: whether something is still to be written. */
  lastWriteIsPending(): boolean;
}

/** Node's stream binding, or null in a runtime that has none or keeps it elsewhere. */
export function findStreamInternals(): StreamInternals | null {
  try {
    const find: unknown = Reflect.get(process, 'binding');
    if (typeof find !== 'function') return null;
    const binding: unknown = Reflect.apply(find, process, ['stream_wrap']);
    if (typeof binding !== 'object' || binding === null) return null;
    const state: unknown = Reflect.get(binding, 'streamBaseState');
    const readIndex: unknown = Reflect.get(binding, 'kReadBytesOrError');
    const asyncIndex: unknown = Reflect.get(binding, 'kLastWriteWasAsync');
    const request: unknown = Reflect.get(binding, 'WriteWrap');
    if (!types.isInt32Array(state) || typeof request !== 'function') return null;
    if (typeof readIndex !== 'number' || typeof asyncIndex !== 'number') return null;
    return {
      newWriteRequest: () => Reflect.construct(request, []) as WriteRequest,
      bytesReadOrError: () => state[readIndex] ?? 0,
      lastWriteIsPending: () => state[asyncIndex] !== 0,
    };
  } catch {
    return null; // A runtime that forbids the binding (the permission model does): the stream wire is used.
  }
}

/** The handle of a plain TCP or Unix socket that is connected and not being closed, or null. */
export function findHandle(socket: unknown): StreamHandle | null {
  // A subclass (a TLS socket) has another handle below, which encrypts. Driving that one directly was tried: no cheaper
  // at a voice session's pace, and a write to a peer that was gone never completed.
  if (!(socket instanceof Socket) || Object.getPrototypeOf(socket) !== Socket.prototype) return null;
  if (socket.destroyed || socket.connecting || socket.writableLength > 0) return null;
  const handle: unknown = Reflect.get(socket, '_handle');
  return isStreamHandle(handle) ? handle : null;
}

const HANDLE_FUNCTIONS = ['readStart', 'readStop', 'useUserBuffer', 'writeBuffer'] as const;

function isStreamHandle(handle: unknown): handle is StreamHandle {
  if (typeof handle !== 'object' || handle === null || !('onread' in handle)) return false;
  return HANDLE_FUNCTIONS.every((name) => typeof Reflect.get(handle, name) === 'function');
}
