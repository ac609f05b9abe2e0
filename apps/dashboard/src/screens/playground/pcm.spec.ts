import { base64Of, samplesOf } from './pcm.js';

describe('sound on its way', () => {
  it('comes back as it went, little end first', () => {
    const sent = new Uint8Array([0x00, 0x00, 0xff, 0x7f, 0x00, 0x80]);
    expect([...samplesOf(base64Of(sent))]).toEqual([0, 32_767 / 32_768, -1]);
  });

  it('of an odd number of bytes leaves the half sample out', () => {
    expect(samplesOf(base64Of(new Uint8Array([1, 0, 9]))).length).toBe(1);
  });
});
