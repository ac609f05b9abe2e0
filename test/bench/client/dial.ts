// Opens one WebSocket to the target, plain or TLS. Guarantees that plain sockets read into one buffer shared by all
// sessions (a public option of `net.connect`), so that a read allocates nothing; and that a refusal tells its status.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { z } from 'zod';
import { HeadReader, upgradeRequest } from '../wire/upgrade.js';

/** Where clients connect to and what they send to be let in. */
export const Target = z.object({
  host: z.string(),
  port: z.number().int(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  /** PEM of the authority to trust; absent means a plain socket. */
  ca: z.string().optional(),
  /** A relay that drops what the upstream says before its client's side is open: its clients do not wait for it. */
  losesGreeting: z.boolean().optional(),
});
export type Target = z.infer<typeof Target>;

const READ_BYTES = 256 * 1024;
const sharedRead = Buffer.allocUnsafeSlow(READ_BYTES);
const HANDSHAKE_DEADLINE_MS = 20_000;

/** What a dialled socket reports, `onOpen` first. `onData` must be done with the bytes when it returns. */
export interface DialHandlers {
  onOpen(socket: Socket): void;
  onData(bytes: Buffer, length: number): void;
  onClose(): void;
}

/** Connects and upgrades; resolves once the 101 is there, rejects with the status line of a refusal. */
export function dial(target: Target, handlers: DialHandlers): Promise<void> {
  return new Promise((resolve, reject) => {
    const head = new HeadReader();
    let upgraded = false;
    const onData = (bytes: Buffer, length: number): void => {
      if (upgraded) {
        handlers.onData(bytes, length);
        return;
      }
      const answer = head.push(bytes.subarray(0, length));
      if (!answer) return;
      if (!answer.firstLine.includes(' 101 ')) {
        socket.destroy();
        reject(new Error(`the target answered ${answer.firstLine}: ${answer.rest.toString('utf8', 0, 200)}`));
        return;
      }
      upgraded = true;
      clearTimeout(deadline);
      handlers.onOpen(socket);
      if (answer.rest.length > 0) handlers.onData(answer.rest, answer.rest.length);
      resolve();
    };
    const socket = open(target, onData);
    const deadline = setTimeout(() => socket.destroy(new Error('no 101 before the deadline')), HANDSHAKE_DEADLINE_MS);
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(deadline);
      if (upgraded) handlers.onClose();
      else reject(new Error('the target closed the socket before its answer'));
    });
  });
}

function open(target: Target, onData: (bytes: Buffer, length: number) => void): Socket {
  const { host, port, ca } = target;
  const request = upgradeRequest(`${host}:${port}`, target.path, target.headers);
  if (ca !== undefined) {
    const secure = connectTls({ host, port, ca, servername: 'localhost' }, () => secure.write(request));
    secure.setNoDelay(true);
    return secure.on('data', (chunk: Buffer) => onData(chunk, chunk.length));
  }
  const callback = (length: number): boolean => {
    onData(sharedRead, length);
    return true;
  };
  const socket = connect({ host, port, noDelay: true, onread: { buffer: sharedRead, callback } });
  socket.once('connect', () => socket.write(request));
  return socket;
}
