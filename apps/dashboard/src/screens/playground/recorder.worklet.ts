// Runs beside the page: turns what the microphone hears into 16-bit samples, a twentieth of a second at a time.

// What a worklet has and no library of types declares.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const SAMPLES = 1_200;

class Recorder extends AudioWorkletProcessor {
  #samples = new Int16Array(SAMPLES);
  #held = 0;

  process(inputs: readonly (readonly Float32Array[])[]): boolean {
    for (const sample of inputs[0]?.[0] ?? []) {
      this.#samples[this.#held++] = Math.max(-1, Math.min(1, sample)) * 32_767;
      if (this.#held < SAMPLES) continue;
      this.port.postMessage(this.#samples.buffer, [this.#samples.buffer]);
      this.#samples = new Int16Array(SAMPLES);
      this.#held = 0;
    }
    return true;
  }
}

registerProcessor('recorder', Recorder);
