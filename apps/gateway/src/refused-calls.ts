// Calls that got no session, counted together and journalled every few seconds: what a what-if about another cap is asked
// of later. A call costs a look-up in a map and waits for nothing. Bounded: calls of one key that come to the same end
// within a span are one record, of one tenant so many in a span, of all tenants so many; what is more is counted as not
// recorded. The books go first: while the journal is not well within its room, nothing is recorded.
import type { ApiKeyId, PoolId, RefusedCallsId, ReplicaId, TenantId } from '@trunkline/kernel';
import type { JournalPressure, RefusedCalls } from '@trunkline/metering';

/** A call that got no session. */
export interface RefusedCall {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly model: string;
  readonly family: string;
  readonly reason: string;
  /** Those that were asked for a line. */
  readonly pools: Iterable<PoolId>;
  /** Unix milliseconds. */
  readonly askedAtMs: number;
  /** How long it stood in line. */
  readonly waitedMs: number;
  /** How long its app asked to wait; null: it did not say. */
  readonly waitAskedMs: number | null;
}

/** What records are made with, and where they go. */
export interface RefusedCallsPorts {
  readonly replicaId: ReplicaId;
  readonly mintId: () => RefusedCallsId;
  readonly pressure: () => JournalPressure;
  /** Rejects where the record is not durable. */
  readonly append: (refused: RefusedCalls) => Promise<void>;
  /** So many calls are not in the record. */
  readonly unrecorded: (why: 'too_many_kinds' | 'journal_pressure', calls: number) => void;
}

/** How often what was counted is journalled, and how far apart the calls of one record may have asked. */
export const SPAN_MS = 5_000;
/** Kinds of calls (key, model, reason, pools, wait asked for) of a tenant in one span; honest traffic has a handful. */
export const TENANT_KINDS_MAX = 40;
/** The same of all tenants: about 200 kB of records. */
export const KINDS_MAX = 500;
// A model's name came from a URL. What is offered is shorter.
const NAME_CHARS_MAX = 100;

type Counted = Omit<RefusedCalls, 'id' | 'replicaId'>;

/** The refused calls of this process. */
export class RefusedCallsLog {
  private readonly kinds = new Map<string, Counted>();
  private readonly kindsOf = new Map<TenantId, number>();

  constructor(private readonly ports: RefusedCallsPorts) {}

  /** Counts one. */
  note(call: RefusedCall): void {
    const { tenantId, keyId, askedAtMs, waitAskedMs } = call;
    const [model, family] = [call.model.slice(0, NAME_CHARS_MAX), call.family.slice(0, NAME_CHARS_MAX)];
    const pools = [...new Set(call.pools)].sort();
    const waitedMs = Math.max(0, Math.round(call.waitedMs));
    const span = Math.floor(askedAtMs / SPAN_MS);
    const name = JSON.stringify([keyId, model, call.reason, pools, waitAskedMs, span]);
    const known = this.kinds.get(name);
    if (known) return void this.kinds.set(name, oneMore(known, askedAtMs, waitedMs));
    const ofTenant = this.kindsOf.get(tenantId) ?? 0;
    if (ofTenant >= TENANT_KINDS_MAX || this.kinds.size >= KINDS_MAX) return this.ports.unrecorded('too_many_kinds', 1);
    this.kindsOf.set(tenantId, ofTenant + 1);
    const times = { fromMs: askedAtMs, untilMs: askedAtMs, waitedMs, waitedMsMax: waitedMs, waitAskedMs };
    this.kinds.set(name, { tenantId, keyId, model, family, reason: call.reason, pools, calls: 1, ...times });
  }

  /** Journals what was counted. Never rejects: what the journal does not take is counted as not recorded. */
  async flush(): Promise<void> {
    const counted = [...this.kinds.values()];
    this.kinds.clear();
    this.kindsOf.clear();
    await Promise.all(counted.map((each) => this.record(each)));
  }

  private async record(counted: Counted): Promise<void> {
    const { replicaId, mintId, pressure, append, unrecorded } = this.ports;
    if (pressure() !== 'ok') return unrecorded('journal_pressure', counted.calls);
    await append({ id: mintId(), replicaId, ...counted }).catch(() => unrecorded('journal_pressure', counted.calls));
  }
}

function oneMore(known: Counted, askedAtMs: number, waitedMs: number): Counted {
  return {
    ...known,
    fromMs: Math.min(known.fromMs, askedAtMs),
    untilMs: Math.max(known.untilMs, askedAtMs),
    calls: known.calls + 1,
    waitedMs: known.waitedMs + waitedMs,
    waitedMsMax: Math.max(known.waitedMsMax, waitedMs),
  };
}
