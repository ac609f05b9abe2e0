// Decides whether a received frame is one that the other end sent, byte for byte. Guarantees that a changed byte
// anywhere in the payload is seen: everything outside the holes is compared with the template, the holes are covered by
// the stamp's checksum. Leaves order and loss to the sequence check.
import { applyMask, type FrameView } from '../wire/frame.js';
import { readStamp, STAMP_CHARS, stampTemplate, type Stamp } from './stamp.js';
import type { Template } from './templates.js';

const RESPONSE_ID_CHARS = 26;
/** In front of each stamp: the client's audio field, or the server's event id. */
const MARKERS = { client: Buffer.from('"audio":"'), server: Buffer.from('"event_id":"event_') };

/** The stamp of a client's frame lies within this many bytes, a whole number of masks. */
const HEAD_BYTES = 128;

/** What a frame turned out to be. `foreign` bears no stamp: an error event, say, from the proxy or the upstream. */
export type Verdict = 'intact' | 'altered' | 'foreign';

/** Checks the frames that one kind of peer sends. */
export class Verifier {
  /** The stamp of the last frame that was not foreign. */
  readonly stamp: Stamp = { sequence: 0, sentUs: 0, session: 0, template: 0, intact: false };
  private readonly marker: Buffer;
  private scratch = Buffer.alloc(65_536);

  private readonly masked: readonly Buffer[];

  /** @param expectedMask the mask a sender uses: frames that still bear it are compared as they are. */
  constructor(
    private readonly templates: readonly Template[],
    peer: keyof typeof MARKERS,
    private readonly expectedMask?: number,
  ) {
    this.marker = MARKERS[peer];
    this.masked = expectedMask === undefined ? [] : templates.map(({ payload }) => maskedCopy(payload, expectedMask));
  }

  /** The template of the last frame that was not foreign. */
  get template(): Template | undefined {
    return this.templates[this.stamp.template];
  }

  /** Reads one text frame. */
  check(frame: FrameView): Verdict {
    if (!frame.masked || frame.maskKey === 0) return this.checkPlain(frame.bytes, frame.start, frame.end);
    const length = frame.end - frame.start;
    if (frame.maskKey === this.expectedMask && length > HEAD_BYTES) return this.checkMasked(frame);
    if (length > this.scratch.length) this.scratch = Buffer.alloc(length * 2);
    frame.bytes.copy(this.scratch, 0, frame.start, frame.end);
    unmask(this.scratch, length, frame.maskKey);
    return this.checkPlain(this.scratch, 0, length);
  }

  /** Only the head, with the stamp in it, is unmasked; the rest is compared with a template that is masked already. */
  private checkMasked(frame: FrameView): Verdict {
    const { bytes, start, end } = frame;
    bytes.copy(this.scratch, 0, start, start + HEAD_BYTES);
    unmask(this.scratch, HEAD_BYTES, frame.maskKey);
    const index = stampTemplate(this.scratch, this.scratch.indexOf(this.marker) + this.marker.length);
    const [template, masked] = [this.templates[index], this.masked[index]];
    if (!template || !masked || masked.length !== end - start) return 'altered';
    if (masked.compare(bytes, start + HEAD_BYTES, end, HEAD_BYTES) !== 0) return 'altered';
    template.payload.copy(this.scratch, HEAD_BYTES, HEAD_BYTES);
    return this.checkPlain(this.scratch, 0, template.payload.length);
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

function maskedCopy(payload: Buffer, maskKey: number): Buffer {
  const copy = Buffer.from(payload);
  applyMask(copy, 0, copy.length, maskKey);
  return copy;
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
