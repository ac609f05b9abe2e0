// Brings 24 kHz speech down to the telephone's 8 kHz. A windowed-sinc low-pass (63 taps, 3.4 kHz) runs before every
// third sample is kept, so nothing above 4 kHz folds back. Used once per clip at start-up, never while streaming.

const TAPS = 63;
const CUTOFF = 3400 / 24_000;

const KERNEL = lowPass();

/** Decimates 24 kHz samples to 8 kHz. */
export function to8kHz(samples: Int16Array): Int16Array {
  const out = new Int16Array(Math.floor(samples.length / 3));
  // Zeros on both sides, so that the inner loop never reads beyond the samples.
  const padded = new Float64Array(samples.length + TAPS);
  padded.set(samples, (TAPS - 1) / 2);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < TAPS; k++) sum += (padded[i * 3 + k] ?? 0) * (KERNEL[k] ?? 0);
    out[i] = sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : sum;
  }
  return out;
}

function lowPass(): Float64Array {
  const kernel = new Float64Array(TAPS);
  const half = (TAPS - 1) / 2;
  let total = 0;
  for (let k = 0; k < TAPS; k++) {
    const x = k - half;
    const sinc = x === 0 ? 2 * CUTOFF : Math.sin(2 * Math.PI * CUTOFF * x) / (Math.PI * x);
    const hamming = 0.54 - 0.46 * Math.cos((2 * Math.PI * k) / (TAPS - 1));
    kernel[k] = sinc * hamming;
    total += sinc * hamming;
  }
  return kernel.map((tap) => tap / total);
}
