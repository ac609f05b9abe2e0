// A vendor's moderation for the gateway's hooks, asked with the account of the pool that carries the session. The account's
// key is in the request and nowhere else; what is asked is metered like any use of the account, to the tenant whose policy
// asks. A verdict never waits for the journal; an answer that comes when nobody waits for it any more is metered all the same.
import { trustedId, type PoolId, type ReplicaId, type SessionId } from '@trunkline/kernel';
import { HookFailed, type CategoryScore, type Classifier, type ClassifyRequest } from '@trunkline/moderation';
import { usageEvent, type JournalRecord, type UsageEvent, type UsageJournal } from '@trunkline/metering';
import type { TrustedPoster } from '@trunkline/platform/outbound';
import { moderationQuestion, moderationUsage, readModeration } from '@trunkline/providers/adapters/openai';
import type { UpstreamAccount } from '../gateway-parts.js';
import type { UsingSession } from './unopened-sessions.js';

/** What it works with. */
export interface VendorClassifierParts<S extends UsingSession> {
  readonly replicaId: ReplicaId;
  readonly sessionOf: (id: SessionId) => S | null;
  /** The accounts of all pools, that of this one first. */
  readonly accounts: (own: PoolId) => Iterable<{ readonly poolId: PoolId; readonly account: UpstreamAccount }>;
  readonly poster: Pick<TrustedPoster, 'post'>;
  readonly journal: Pick<UsageJournal, 'append'>;
  readonly nowMs: () => number;
  /** It is durable. */
  readonly metered: (session: S, event: UsageEvent) => void;
  /** The journal did not take it: it must be offered again. */
  readonly unmetered: (record: JournalRecord) => void;
}

const ANSWER_BYTES_MAX = 65_536;
// Longer than any policy lets a hook take; who has not answered by then will hardly have counted it.
const ANSWER_MS_MAX = 15_000;

type Asked = Pick<ClassifyRequest, 'model' | 'content'>;

/** Asks the vendor. */
export class VendorClassifier<S extends UsingSession> implements Classifier {
  constructor(private readonly parts: VendorClassifierParts<S>) {}

  async classify({ context, signal, ...asked }: ClassifyRequest): Promise<readonly CategoryScore[]> {
    const session = this.parts.sessionOf(trustedId('ses', context.sessionId));
    if (session === null) throw new HookFailed('the session is gone');
    signal.throwIfAborted();
    // The vendor counts what it was asked, whether or not its answer is late for us. Whoever asked has its own deadline.
    return this.ask(session, asked, AbortSignal.timeout(ANSWER_MS_MAX));
  }

  private async ask(session: S, asked: Asked, signal: AbortSignal): Promise<readonly CategoryScore[]> {
    const { poolId, vendor, ca, url, headers, body } = this.questionOf(session, asked);
    const post = { url: new URL(url), headers, body, ca, bytesMax: ANSWER_BYTES_MAX, signal };
    const answer = await this.parts.poster.post(post).catch((cause: unknown) => {
      throw new HookFailed('the vendor did not answer', { cause });
    });
    if (answer.status !== 200) throw new HookFailed(`the vendor answered ${answer.status}`);
    const read = readModeration(answer.body);
    if (read === null) throw new HookFailed("the vendor's answer could not be read");
    const { id: sessionId, tenantId, keyId } = session;
    const user = { sessionId, tenantId, keyId, poolId, vendor, replicaId: this.parts.replicaId };
    this.keep(session, usageEvent(moderationUsage(read), { ...user, occurredAtMs: this.parts.nowMs() }));
    return read.scores;
  }

  // To the account that carries the session; where its vendor serves none, to the first that does.
  private questionOf(session: S, asked: Asked) {
    for (const { poolId, account } of this.parts.accounts(session.poolId)) {
      const question = moderationQuestion(account, asked);
      if (question !== null) return { poolId, vendor: account.vendor, ca: account.ca, ...question };
    }
    throw new HookFailed('no pool has an account that can moderate');
  }

  private keep(session: S, event: UsageEvent): void {
    const record: JournalRecord = { kind: 'usage', event };
    this.parts.journal.append(record).then(
      () => this.parts.metered(session, event),
      () => this.parts.unmetered(record),
    );
  }
}
