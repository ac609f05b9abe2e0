// A vendor's moderation for the gateway's hooks, asked with the account of the pool that carries the session. The account's
// key is in the request and nowhere else; what is asked is metered like any use of the account, to the tenant whose policy
// asks. A verdict never waits for the journal.
import { trustedId, type ReplicaId } from '@trunkline/kernel';
import { HookFailed, type CategoryScore, type Classifier, type ClassifyRequest } from '@trunkline/moderation';
import { usageEvent, type JournalRecord, type UsageEvent, type UsageJournal } from '@trunkline/metering';
import type { TrustedPoster } from '@trunkline/platform/outbound';
import { moderationQuestion, moderationUsage, readModeration } from '@trunkline/providers/adapters/openai';
import type { PolicySnapshot, Pool } from '@trunkline/tenancy';
import type { UpstreamAccount } from '../gateway-parts.js';
import type { LiveSession, LiveSessions } from '../live-session.js';

/** What it works with. */
export interface VendorClassifierParts {
  readonly replicaId: ReplicaId;
  readonly live: LiveSessions;
  readonly policy: () => PolicySnapshot;
  readonly account: (pool: Pool) => UpstreamAccount | null;
  readonly poster: TrustedPoster;
  readonly journal: UsageJournal;
  readonly nowMs: () => number;
  /** It is durable. */
  readonly metered: (session: LiveSession, event: UsageEvent) => void;
  /** The journal did not take it: it must be offered again. */
  readonly unmetered: (record: JournalRecord) => void;
}

const ANSWER_BYTES_MAX = 65_536;

/** Asks the vendor. */
export class VendorClassifier implements Classifier {
  constructor(private readonly parts: VendorClassifierParts) {}

  async classify({ model, content, context, signal }: ClassifyRequest): Promise<readonly CategoryScore[]> {
    const session = this.parts.live.get(trustedId('ses', context.sessionId));
    if (session === null) throw new HookFailed('the session is gone');
    const { pool, account } = this.accountFor(session);
    const { url, headers, body } = moderationQuestion(account, { model, content });
    const answer = await this.parts.poster.post({
      ...{ url: new URL(url), headers, body, signal },
      ca: account.ca,
      bytesMax: ANSWER_BYTES_MAX,
    });
    if (answer.status !== 200) throw new HookFailed(`the vendor answered ${answer.status}`);
    const read = readModeration(answer.body);
    if (read === null) throw new HookFailed("the vendor's answer could not be read");
    this.meter(session, pool, read);
    return read.scores;
  }

  // Azure serves no such endpoint: then the first pool of OpenAI's does.
  private accountFor(session: LiveSession): { readonly pool: Pool; readonly account: UpstreamAccount } {
    const { pools } = this.parts.policy();
    const own = pools.get(session.poolId);
    for (const pool of [...(own ? [own] : []), ...pools.values()]) {
      const account = pool.vendor === 'openai' ? this.parts.account(pool) : null;
      if (account !== null) return { pool, account };
    }
    throw new HookFailed('no pool has an account that can moderate');
  }

  private meter(session: LiveSession, pool: Pool, answer: Parameters<typeof moderationUsage>[0]): void {
    const { id: sessionId, tenantId, keyId } = session;
    const event = usageEvent(moderationUsage(answer), {
      ...{ sessionId, tenantId, keyId, replicaId: this.parts.replicaId },
      poolId: pool.id,
      occurredAtMs: this.parts.nowMs(),
    });
    const record: JournalRecord = { kind: 'usage', event };
    this.parts.journal.append(record).then(
      () => this.parts.metered(session, event),
      () => this.parts.unmetered(record),
    );
  }
}
