import { describe, expect, jest, test } from '@jest/globals';
import { findClipsFolder, loadClips } from './clips.js';
import { join } from 'node:path';

jest.setTimeout(20_000);

describe('the voice clips', () => {
  test('are found from the sources and from the compiled tree', () => {
    const folder = findClipsFolder();
    expect(findClipsFolder(join(process.cwd(), 'dist', 'apps', 'simulator', 'audio'))).toBe(folder);
    expect(() => findClipsFolder('/')).toThrow(/clips\.json/);
  });

  test('are audible speech of one to six seconds, peaks below clipping', () => {
    for (const { durationMs, samples } of loadClips().clips) {
      expect(durationMs).toBeGreaterThan(1000);
      expect(durationMs).toBeLessThan(6000);
      const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      expect(rms).toBeGreaterThan(1500);
      expect(samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeLessThan(32_000);
    }
  });
});
