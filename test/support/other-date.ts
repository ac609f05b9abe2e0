import type { Clock } from '../../apps/simulator/index.js';

/** A clock that runs as fast as ours and tells another date: it is `epochMs` now. */
export function clockFrom(epochMs: number): Clock {
  const offsetMs = epochMs - Date.now();
  return {
    now: () => Date.now() + offsetMs,
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
