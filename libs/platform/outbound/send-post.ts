// One POST and its bounded answer over a connection that may be kept. Says what went wrong without a word of what was
// sent or answered; follows no redirect.
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

/** A request. */
export interface OutboundPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The longest answer. */
  readonly bytesMax: number;
  /** Gives up when it fires. */
  readonly signal: AbortSignal;
}

/** An answer, whatever its status. */
export interface OutboundAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** How the connection is made. */
export interface PostConnection {
  readonly agent: Agent;
  readonly lookup?: LookupFunction;
}

/** A connection is dear to open anew for every sentence; eight idle ones to a host, for a quarter of a minute. */
export const AGENT_OPTIONS = { keepAlive: true, maxFreeSockets: 8, timeout: 15_000 } as const;
const HEADER_BYTES_MAX = 16_384;

/** Sends it. Rejects with whatever the network does. */
export async function sendPost(post: OutboundPost, connection: PostConnection): Promise<OutboundAnswer> {
  try {
    return await send(post, connection);
  } catch (error) {
    // The other side may close an idle connection while we send: nothing was answered, so it is asked once more.
    if (!(error instanceof StaleConnection)) throw error;
    return send(post, connection);
  }
}

class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

function send({ url, headers, body, bytesMax, signal }: OutboundPost, connection: PostConnection) {
  return new Promise<OutboundAnswer>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      ...connection,
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      maxHeaderSize: HEADER_BYTES_MAX,
      signal,
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(request.reusedSocket && error.code === 'ECONNRESET' ? new StaleConnection() : error),
    );
    request.on('response', (response) => void bounded(response, bytesMax).then(resolve, reject));
    request.end(body);
  });
}

async function bounded(response: IncomingMessage, bytesMax: number): Promise<OutboundAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`);
    pieces.push(piece);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(pieces) };
}
