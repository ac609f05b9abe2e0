// Wire ids as OpenAI makes them: a prefix and 21 base62 characters whose first six depend on the time
// (facts 3.3). Guarantees uniqueness by 128 bits of seed and 15 random characters; leaves secrecy to others:
// the generator is fast, not cryptographic.
import { randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const PAIRS = Array.from(ALPHABET).flatMap((a) => Array.from(ALPHABET, (b) => a + b));

/** Makes ids and obfuscation padding. One instance per simulator. */
export class Ids {
  readonly #state: Uint32Array;
  readonly #now: () => number;
  #prefixSecond = -1;
  #prefix = '';

  /** `now` is in epoch milliseconds; `seed` (16 bytes) makes the ids repeatable. */
  constructor(now: () => number, seed: Uint8Array = randomBytes(16)) {
    this.#now = now;
    this.#state = new Uint32Array(new Uint8Array(seed).slice(0, 16).buffer);
  }

  event(): string {
    return 'event_' + this.#tail();
  }
  item(): string {
    return 'item_' + this.#tail();
  }
  response(): string {
    return 'resp_' + this.#tail();
  }
  conversation(): string {
    return 'conv_' + this.#tail();
  }
  session(): string {
    return 'sess_' + this.#tail();
  }
  /** Tool call ids have 16 characters and no time prefix. */
  call(): string {
    return 'call_' + this.#random(16);
  }
  /** The undocumented padding on text deltas: 4 to 16 characters. */
  obfuscation(): string {
    return this.#random(4 + (this.#next() % 13));
  }

  #tail(): string {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#prefixSecond) {
      this.#prefixSecond = second;
      this.#prefix = base62(second).padStart(6, 'A').slice(-6);
    }
    return this.#prefix + this.#random(15);
  }

  #random(length: number): string {
    let text = '';
    while (text.length < length) text += PAIRS[this.#next() % PAIRS.length] ?? '';
    return text.slice(0, length);
  }

  /** sfc32: small, fast, 128 bits of state. */
  #next(): number {
    const s = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = s;
    const t = (a + b + d) | 0;
    s[3] = d + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = (c + (c << 3)) | 0;
    s[2] = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  }
}

function base62(value: number): string {
  let rest = value;
  let text = '';
  do {
    text = (ALPHABET[rest % 62] ?? '') + text;
    rest = Math.floor(rest / 62);
  } while (rest > 0);
  return text;
}
