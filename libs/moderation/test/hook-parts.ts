// What hooks are made with where a test lets none of them leave.
import type { HookParts } from '../adapters/rules/index.js';

/** Parts without any service. */
export function noServices(rest: Partial<HookParts> = {}): HookParts {
  const nobody = (): Promise<never> => Promise.reject(new Error('nobody answers in this test'));
  return {
    openSecret: () => null,
    poster: { post: nobody },
    classifier: { classify: nobody },
    nowMs: () => 0,
    monotonicMs: () => 0,
    mintId: () => 'a',
    ...rest,
  };
}
