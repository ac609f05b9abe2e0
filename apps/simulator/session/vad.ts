// Voice activity by energy: speech begins after 60 ms above the threshold and ends after the configured silence.
// Guarantees decisions in 20 ms steps that depend only on the audio; leaves buffering and events to turns.ts.
import { FRAME_MS } from '../audio/energy.js';
import type { TurnDetection } from './settings-schemas.js';

/** A decision, at a time counted from the detector's start. */
export type VadEvent = { readonly kind: 'started' | 'stopped'; readonly atMs: number };

/** Frames in a row above the threshold that count as speech: shorter bursts are clicks. */
const ONSET_FRAMES = 3;
/** While someone speaks the threshold is this much lower, so that soft syllables do not end the turn. */
const HYSTERESIS_DB = 6;
/** Silence that ends a turn under semantic VAD, by eagerness: invented, about a quarter of the documented maximum. */
const SEMANTIC_SILENCE_MS = { low: 1600, medium: 800, auto: 800, high: 400 } as const;

/** The silence that ends a turn. */
export function silenceMsOf(detection: TurnDetection): number {
  return detection.type === 'server_vad' ? detection.silence_duration_ms : SEMANTIC_SILENCE_MS[detection.eagerness];
}

/** Audio kept before speech: documented for server_vad, its default for semantic_vad. */
export function prefixMsOf(detection: TurnDetection): number {
  return detection.type === 'server_vad' ? detection.prefix_padding_ms : 300;
}

/** The level that counts as speech: -37 dBFS at the default threshold of 0.5, higher thresholds need louder speech. */
export function thresholdDb(detection: TurnDetection): number {
  return -55 + 36 * (detection.type === 'server_vad' ? detection.threshold : 0.5);
}

/** The detector of one session; a new one is made when turn detection changes or the buffer is cleared. */
export class Vad {
  readonly #thresholdDb: number;
  readonly #silenceFrames: number;
  #frames = 0;
  #loudRun = 0;
  #silentRun = 0;
  #speaking = false;

  constructor(detection: TurnDetection) {
    this.#thresholdDb = thresholdDb(detection);
    this.#silenceFrames = Math.max(1, Math.ceil(silenceMsOf(detection) / FRAME_MS));
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes one frame's level. */
  frame(levelDb: number): VadEvent | null {
    this.#frames += 1;
    return this.#speaking ? this.#whileSpeaking(levelDb) : this.#whileSilent(levelDb);
  }

  #whileSilent(levelDb: number): VadEvent | null {
    this.#loudRun = levelDb > this.#thresholdDb ? this.#loudRun + 1 : 0;
    if (this.#loudRun < ONSET_FRAMES) return null;
    this.#speaking = true;
    this.#loudRun = 0;
    this.#silentRun = 0;
    return { kind: 'started', atMs: (this.#frames - ONSET_FRAMES) * FRAME_MS };
  }

  #whileSpeaking(levelDb: number): VadEvent | null {
    this.#silentRun = levelDb > this.#thresholdDb - HYSTERESIS_DB ? 0 : this.#silentRun + 1;
    if (this.#silentRun < this.#silenceFrames) return null;
    this.#speaking = false;
    return { kind: 'stopped', atMs: this.#frames * FRAME_MS };
  }
}
