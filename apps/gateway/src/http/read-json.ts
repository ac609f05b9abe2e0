// Reads a small JSON body. Bounded in size and time, and read only after the caller was let in.
import type { Request } from 'express';
import { RefusedRequest } from './parts.js';

const BODY_MS_MAX = 10_000;

/** The body; an empty one is an empty object. @throws RefusedRequest for what is too large, too slow or no JSON. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  const timer = setTimeout(() => request.destroy(new Error('the body took too long')), BODY_MS_MAX);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw refused(`The body is larger than ${bytesMax} bytes.`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof RefusedRequest ? error : refused('The body could not be read to its end.');
  } finally {
    clearTimeout(timer);
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw refused('The body is not valid JSON. Send "Content-Type: application/json".');
    throw error;
  }
}

function refused(message: string): RefusedRequest {
  return new RefusedRequest({ code: 'invalid_request', message });
}
