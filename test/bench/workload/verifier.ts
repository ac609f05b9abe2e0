// Decides whether a received frame is one that the other end sent, byte for byte. Guarantees that a changed byte
// anywhere in the payload is seen: everything outside the holes is compared with the template, the holes are covered by
// the stamp's checksum. Leaves order and loss to the sequence check.
import { applyMask, type FrameView } from '../wire/frame.js';
import { readStamp, STAMP_CHARS, stampTemplate, type Stamp } from './stamp.js';
import type { Template } from './templates.js';

const RESPONSE_ID_CHARS = 26;
/** In front of each stamp: the client's audio field, or the server's event id. */
const MARKERS = { client: Buffer.from('"audio":"'), server: Buffer.from('"event_id":"event_') };

/** What a frame turned out to be. `foreign` bears no stamp: an error event, say, from the proxy or the upstream. */
export type Verdict = 'intact' | 'altered' | 'foreign';

/** Checks the frames that one kind of peer sends. */
export class Verifier {
  /** The stamp of the last frame that was not foreign. */
  readonly stamp: Stamp = { sequence: 0, sentUs: 0, session: 0, template: 0, intact: false };
  private readonly marker: Buffer;
  private scratch = Buffer.alloc(65_536);

  constructor(
    private readonly templates: readonly Template[],
    peer: keyof typeof MARKERS,
  ) {
    this.marker = MARKERS[peer];
  }

  /** The template of the last frame that was not foreign. */
  get template(): Template | undefined {
    return this.templates[this.stamp.template];
  }

  /** Reads one text frame. */
  check(frame: FrameView): Verdict {
    if (!frame.masked || frame.maskKey === 0) return this.checkPlain(frame.bytes, frame.start, frame.end);
    const length = frame.end - frame.start;
    if (length > this.scratch.length) this.scratch = Buffer.alloc(length * 2);
    frame.bytes.copy(this.scratch, 0, frame.start, frame.end);
    unmask(this.scratch, length, frame.maskKey);
    return this.checkPlain(this.scratch, 0, length);
  }

  private checkPlain(bytes: Buffer, start: number, end: number): Verdict {
    const found = bytes.indexOf(this.marker, start);
    const at = found + this.marker.length;
    if (found < 0 || at + STAMP_CHARS > end) return 'foreign';
    // A server id without a stamp is shorter than one; a letter that is no hex digit makes it foreign, not altered.
    const idAt = this.responseIdAt(bytes, at, start);
    const salt = idAt < 0 ? undefined : bytes.subarray(idAt, idAt + RESPONSE_ID_CHARS);
    const intact = readStamp(bytes, at, this.stamp, salt);
    if (Number.isNaN(this.stamp.template) || Number.isNaN(this.stamp.sequence)) return 'foreign';
    const template = this.template;
    if (!intact || template?.stampAt !== at - start) return 'altered';
    return this.sameOutsideHoles(template, bytes, start, end) ? 'intact' : 'altered';
  }

  /** Where the response id must be, by the template that the stamp names; -1 when it has none. */
  private responseIdAt(bytes: Buffer, stampAt: number, start: number): number {
    const offset = this.templates[stampTemplate(bytes, stampAt)]?.responseIdAt ?? -1;
    return offset < 0 ? -1 : start + offset;
  }

  private sameOutsideHoles(template: Template, bytes: Buffer, start: number, end: number): boolean {
    const { payload, stampAt, responseIdAt } = template;
    if (end - start !== payload.length) return false;
    let from = 0;
    const holes = responseIdAt < 0 ? [stampAt] : [stampAt, responseIdAt];
    for (const hole of holes) {
      if (payload.compare(bytes, start + from, start + hole, from, hole) !== 0) return false;
      from = hole + (hole === stampAt ? STAMP_CHARS : RESPONSE_ID_CHARS);
    }
    return payload.compare(bytes, start + from, end, from, payload.length) === 0;
  }
}

/** Unmasks `bytes[0, length)` four bytes at a time; a scratch buffer starts on a word, so a typed view is allowed. */
function unmask(bytes: Buffer, length: number, maskKey: number): void {
  const whole = length & ~3;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, whole >>> 2);
  const swapped =
    ((maskKey & 255) << 24) | ((maskKey & 0xff00) << 8) | ((maskKey >>> 8) & 0xff00) | ((maskKey >>> 24) & 255);
  for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) ^ swapped;
  applyMask(bytes, whole, length, maskKey);
}
