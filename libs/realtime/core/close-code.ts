// Which close codes may stand in a close frame (RFC 6455 section 7.4), and how a close frame's payload is read and
// written. Codes such as 1005 and 1006 exist only inside an endpoint; sending one is a protocol error.

/** A close frame as a peer sent it; `NO_STATUS` stands for a close frame without a code. */
export interface PeerClose {
  readonly code: number;
  readonly reason: string;
}

/** The code that stands for a close frame without a code. Never sent. */
export const NO_STATUS = 1005;

/** The most bytes of reason that fit into a control frame beside the code. */
export const CLOSE_REASON_BYTES_MAX = 123;

/** Whether a close frame may carry this code: those of the RFC and the registry that are sent, and 3000 to 4999. */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/**
 * Reads the payload of a close frame. Null means that it breaks the protocol: one byte, a code that may not be sent,
 * or a reason that is not UTF-8.
 */
export function readClosePayload(payload: Buffer): PeerClose | null {
  if (payload.length === 0) return { code: NO_STATUS, reason: '' };
  if (payload.length === 1) return null;
  const code = payload.readUInt16BE(0);
  if (!isSendableCloseCode(code)) return null;
  const reason = payload.toString('utf8', 2);
  // Decoding puts U+FFFD for what is not UTF-8; only then do the bytes differ when written back.
  return Buffer.from(reason, 'utf8').equals(payload.subarray(2)) ? { code, reason } : null;
}

/** Writes the payload of a close frame; `NO_STATUS` writes none. A reason that is too long is cut between characters. */
export function closePayload(code: number, reason: string): Buffer {
  if (code === NO_STATUS) return Buffer.alloc(0);
  if (!isSendableCloseCode(code)) throw new RangeError(`close code ${code} may not be sent`);
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(cutToBytes(reason, CLOSE_REASON_BYTES_MAX), 'utf8')]);
}

function cutToBytes(text: string, bytesMax: number): string {
  let bytes = 0;
  let cut = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) return cut;
    cut += character;
  }
  return text;
}
