import { waitAskedMs } from './wait-terms.js';

describe('the wait that an app asks for, for the record', () => {
  const asked = (query: string) => waitAskedMs({ query: new Map(new URLSearchParams(query)) });

  it('is what it said, also none at all, and nothing where it did not say', () => {
    expect([asked('wait_ms=2500'), asked('wait_ms=0'), asked('model=gpt-realtime')]).toEqual([2_500, 0, null]);
  });

  it('is no longer than any tenant may wait, and nothing where it cannot be read', () => {
    expect([asked('wait_ms=999999999'), asked('wait_ms=soon'), asked('wait_ms=')]).toEqual([120_000, null, null]);
  });
});
