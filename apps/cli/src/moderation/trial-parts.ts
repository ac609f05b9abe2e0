// What the hooks of a trial are made with: the real thing, asked from here.
import { randomUUID } from 'node:crypto';
import { systemClock } from '@trunkline/kernel';
import type { HookParts } from '@trunkline/moderation/adapters/rules';
import { GuardedPoster, type OutboundException } from '@trunkline/platform/outbound';
import type { SecretSeal } from '@trunkline/platform/secrets';

/** What an installation lends to hooks. */
export interface HookServices {
  /** Of the installation; rejects when there is none. */
  readonly seal: () => Promise<SecretSeal>;
  readonly webhookExceptions: readonly OutboundException[];
}

/** Parts for hooks that are tried, and how to let go of their connections. */
export function trialParts({ webhookExceptions }: HookServices): HookParts & { readonly close: () => void } {
  const guarded = new GuardedPoster({ exceptions: webhookExceptions });
  return {
    ...partsFor(() => null),
    poster: guarded,
    close: () => {
      guarded.close();
    },
  };
}

/** Parts for hooks that are only made, to see whether they can be. */
export function partsFor(openSecret: (sealed: string) => string | null): HookParts {
  const nobody = (): Promise<never> => Promise.reject(new Error('hooks are only made here, not asked'));
  return {
    openSecret,
    poster: { post: nobody },
    nowMs: () => systemClock.nowMs(),
    monotonicMs: () => systemClock.monotonicMs(),
    mintId: randomUUID,
  };
}
