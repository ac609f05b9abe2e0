// The HTTP half of a WebSocket, written by hand so that neither end of the benchmark pays for a framework.
// Guarantees a request and an answer that RFC 6455 section 4 accepts. Leaves to others what follows the blank line.
import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HEAD_END = Buffer.from('\r\n\r\n');
/** A head that is longer than this is not one of ours. */
const HEAD_BYTES_MAX = 16_384;

/** The key that goes with `Sec-WebSocket-Accept`; one constant key is enough, nothing caches these answers. */
export const CLIENT_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** The upgrade request a voice client sends. */
export function upgradeRequest(host: string, path: string, headers: Readonly<Record<string, string>>): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${CLIENT_KEY}`,
    'Sec-WebSocket-Version: 13',
    'User-Agent: trunkline-bench',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** The 101 for a client's `Sec-WebSocket-Key`. */
export function upgradeAnswer(key: string): Buffer {
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64');
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

/** An HTTP head and the bytes that came behind it. */
export interface Head {
  firstLine: string;
  /** Header names in lower case. */
  headers: Map<string, string>;
  rest: Buffer;
}

/** Collects the head of one HTTP message from chunks. */
export class HeadReader {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  /** Gives the head once it is whole, null before; throws when it grows past any head we know. */
  push(chunk: Buffer): Head | null {
    this.chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    const all = Buffer.concat(this.chunks);
    const end = all.indexOf(HEAD_END);
    if (end < 0) {
      if (this.bytes > HEAD_BYTES_MAX) throw new Error('HTTP head too long: is the target a WebSocket endpoint?');
      return null;
    }
    const lines = all.toString('latin1', 0, end).split('\r\n');
    const headers = new Map<string, string>();
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':');
      if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    return { firstLine: lines[0] ?? '', headers, rest: all.subarray(end + HEAD_END.length) };
  }
}
