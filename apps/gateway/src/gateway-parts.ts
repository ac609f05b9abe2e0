// What the gateway's path works with, made once by the composition root (`start-gateway.ts`). Plain functions and
// objects: no look-up of anything happens on the path of a call.
import type { Clock, PoolId, Refusal, ReplicaId, Result, SessionId } from '@trunkline/kernel';
import type { AdmissionRefusal, AdmitRequest, Lease, LineWatch, OnLost, TokenUse } from '@trunkline/admission';
import type { PoolPlans } from '@trunkline/admission/adapters/policy';
import type { UsageJournal } from '@trunkline/metering';
import type { EndUserHasher, KeyWrap } from '@trunkline/moderation';
import type { Log } from '@trunkline/platform/logging';
import type { RelayLimits, RelayProbe, Ticker } from '@trunkline/realtime';
import type { Dialler, WireFactory } from '@trunkline/realtime/adapters/net';
import type { PriceBooks } from '@trunkline/rating';
import type { OpenAiAccount } from '@trunkline/providers/adapters/openai';
import type { PoolHealth } from '@trunkline/providers';
import type { ClientSecretStore, KeyHasher, PolicySnapshot, Pool } from '@trunkline/tenancy';
import type { Budgets } from './budgets.js';
import type { Credentials } from './credentials.js';
import type { GatePolicies } from './gate/gate-policies.js';
import type { UnopenedSessions } from './gate/unopened-sessions.js';
import type { GatewayMetrics } from './gateway-metrics.js';
import type { LiveSessions } from './live-session.js';
import type { RefusedCallsLog } from './refused-calls.js';
import type { SessionBills } from './session-bill.js';
import type { Stragglers } from './stragglers.js';

/** An upstream account together with the authority that signs its certificate, where that is not a public one. */
export type UpstreamAccount = OpenAiAccount & { readonly ca: string | null };

/** Deadlines of a call, in milliseconds. */
export interface CallDeadlines {
  /** TCP, TLS and the upstream's 101. */
  readonly connectMsMax: number;
  /** From the upstream's 101 to its first event. */
  readonly firstEventMsMax: number;
  /** From the end cause until usage that is still owed is given up. */
  readonly tailMsMax: number;
  /** For a peer to answer our close frame. */
  readonly closeMsMax: number;
}

/** Parts of the gateway. */
export interface GatewayParts {
  readonly replicaId: ReplicaId;
  readonly clock: Clock;
  readonly log: Log;
  readonly mintSessionId: () => SessionId;
  /** The policy in force; a call keeps the snapshot it began with, revocations reach it all the same. */
  readonly policy: () => PolicySnapshot;
  readonly credentials: Credentials;
  readonly secrets: ClientSecretStore;
  /** HMAC of a credential under the installation's pepper. */
  readonly hashKey: KeyHasher;
  /** Why nobody new is let in at all right now (drain, journal, memory); null when somebody may be. */
  readonly closedToNewSessions: () => Refusal | null;
  readonly plans: PoolPlans;
  readonly health: PoolHealth;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly admit: (request: Omit<AdmitRequest, 'replicaId'>) => Promise<Result<Lease, AdmissionRefusal>>;
  /** No new line of the pool, or of one family in it, for so many milliseconds: the upstream has no room. Never rejects. */
  readonly pausePool: (pool: PoolId, forMs: number, family: string | null) => void;
  /** Tokens were used of an account that has so many a minute. Never rejects. */
  readonly usedTokens: (use: TokenUse) => void;
  /** For the line of a call that has one. */
  readonly watchLine: () => LineWatch;
  readonly confirmLease: (lease: Lease, onLost: OnLost) => Promise<'confirmed' | 'lost'>;
  /** Says that the line's session is being settled, for a call of its key that comes back. Never rejects. */
  readonly lineEnds: (lease: Lease) => Promise<void>;
  /**
   * Gives the line back, or keeps it `keepMs` for a reconnect. Never rejects: what cannot be released lapses by itself.
   * False when the store could not be told.
   */
  readonly releaseLease: (lease: Lease, keepMs?: number) => Promise<boolean>;
  /** The pool's upstream account; null when its key cannot be read. */
  readonly account: (pool: Pool) => UpstreamAccount | null;
  readonly deadlines: CallDeadlines;
  readonly journal: UsageJournal;
  readonly stragglers: Stragglers;
  readonly refusedCalls: Pick<RefusedCallsLog, 'note'>;
  readonly prices: () => PriceBooks;
  readonly wires: WireFactory;
  readonly dialler: Dialler;
  readonly relayLimits: RelayLimits;
  readonly ticker: Ticker;
  readonly probe: RelayProbe;
  readonly maskKey: () => number;
  readonly live: LiveSessions;
  readonly bills: SessionBills;
  readonly budgets: Budgets;
  readonly gates: GatePolicies;
  readonly unopened: UnopenedSessions;
  readonly hashEndUser: EndUserHasher;
  /** Seals the keys of kept content. */
  readonly contentSeal: KeyWrap;
  readonly metrics: GatewayMetrics;
}
