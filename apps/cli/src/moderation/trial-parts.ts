// What the hooks of a trial are made with: the real thing, asked from here. What a vendor is asked in a trial is nobody's
// session and in no books.
import { randomUUID } from 'node:crypto';
import { systemClock } from '@trunkline/kernel';
import { HookFailed, type Classifier } from '@trunkline/moderation';
import type { HookParts } from '@trunkline/moderation/adapters/rules';
import { GuardedPoster, TrustedPoster, type OutboundException } from '@trunkline/platform/outbound';
import type { SecretSeal } from '@trunkline/platform/secrets';
import { moderationQuestion, readModeration, type OpenAiAccount } from '@trunkline/providers/adapters/openai';

/** What an installation lends to hooks. */
export interface HookServices {
  /** Of the installation; rejects when there is none. */
  readonly seal: () => Promise<SecretSeal>;
  readonly webhookExceptions: readonly OutboundException[];
  /** The account of the settings; null when none is given. */
  readonly account: OpenAiAccount | null;
}

const ANSWER_BYTES_MAX = 65_536;

/** Parts for hooks that are tried, and how to let go of their connections. */
export function trialParts({ webhookExceptions, account }: HookServices): HookParts & { readonly close: () => void } {
  const guarded = new GuardedPoster({ exceptions: webhookExceptions });
  const trusted = new TrustedPoster();
  return {
    openSecret: () => null,
    nowMs: () => systemClock.nowMs(),
    monotonicMs: () => systemClock.monotonicMs(),
    mintId: randomUUID,
    poster: guarded,
    classifier: classifierOf(account, trusted),
    close: () => {
      guarded.close();
      trusted.close();
    },
  };
}

function classifierOf(account: OpenAiAccount | null, poster: TrustedPoster): Classifier {
  return {
    classify: async ({ model, content, signal }) => {
      const question = account === null ? null : moderationQuestion(account, { model, content });
      if (question === null) throw new HookFailed('no upstream account: set OPENAI_API_KEY to try this hook');
      const { url, headers, body } = question;
      const post = { url: new URL(url), headers, body, signal, ca: null, bytesMax: ANSWER_BYTES_MAX };
      const answer = await poster.post(post);
      const read = answer.status === 200 ? readModeration(answer.body) : null;
      if (read === null) throw new HookFailed(`the vendor answered ${answer.status}, and no moderation`);
      return read.scores;
    },
  };
}
