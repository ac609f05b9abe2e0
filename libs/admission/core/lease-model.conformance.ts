// A lease store as one would write it on paper: a list of lines, walked from end to end. `replay` runs the same
// operations against it and against a real store and throws at the first difference. Slow on purpose; recovery windows
// are outside it, since the replayed system is never silent.
import assert from 'node:assert/strict';
import { lineRequest } from './lease-builders.conformance.js';
import type { LeaseStoreUnderTest } from './lease-store.conformance.js';
import type { Lease, LeaseState, LeaseTerms } from './lease.js';
import type { AcquireRequest } from './lease-store.js';

/** One step of a replay. `session`, `key`, `tenant` pick small numbers; `cap` is the cap of every limit. */
export type LeaseOperation =
  | {
      readonly kind: 'acquire';
      readonly session: number;
      readonly key: number;
      readonly tenant: number;
      readonly cap: number;
    }
  /** On the most recent lease that the session was given, or an older one: a late holder. */
  | { readonly kind: 'confirm' | 'release' | 'renew' | 'reregister'; readonly session: number; readonly stale: boolean }
  | { readonly kind: 'renew_all' }
  | { readonly kind: 'advance'; readonly ms: number };

interface ModelLine {
  readonly request: AcquireRequest;
  state: LeaseState;
  expiresAtMs: number;
}

class LeaseModel {
  #lines: ModelLine[] = [];
  #nowMs = 0;

  constructor(private readonly terms: LeaseTerms) {}

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#lines = this.#lines.filter((line) => line.expiresAtMs > this.#nowMs);
  }

  acquire(request: AcquireRequest): string {
    const own = this.#lines.find((line) => line.request.sessionId === request.sessionId);
    if (own && own.request.limits.some((limit, i) => limit.id !== request.limits[i]?.id)) return 'elsewhere';
    const refusing = own ? undefined : this.#refusing(request);
    if (refusing) return refusing;
    this.#lines = this.#lines.filter((line) => line !== own);
    this.#lines.push({ request, state: 'pending', expiresAtMs: this.#nowMs + this.terms.pendingMs });
    return 'admitted';
  }

  confirm(lease: Lease): string {
    const line = this.#of(lease);
    if (line) Object.assign(line, { state: 'confirmed', expiresAtMs: this.#nowMs + this.terms.confirmedMs });
    return line ? 'confirmed' : 'lost';
  }

  renew(lease: Lease): boolean {
    const line = this.#of(lease);
    if (line?.state === 'confirmed') line.expiresAtMs = this.#nowMs + this.terms.confirmedMs;
    return line !== undefined;
  }

  reregister(lease: Lease): boolean {
    const own = this.#lines.find((line) => line.request.sessionId === lease.sessionId);
    if (own ? own.request.token !== lease.token : this.#refusing(lease) !== undefined) return false;
    this.#lines = this.#lines.filter((line) => line !== own);
    this.#lines.push({ request: lease, state: 'confirmed', expiresAtMs: this.#nowMs + this.terms.confirmedMs });
    return true;
  }

  release(lease: Lease): string {
    const line = this.#of(lease);
    this.#lines = this.#lines.filter((each) => each !== line);
    return line ? 'released' : 'gone';
  }

  lines(): readonly string[] {
    return this.#lines.map((line) => `${line.request.sessionId} ${line.request.limits[1].id} ${line.state}`).sort();
  }

  #of(lease: Lease): ModelLine | undefined {
    return this.#lines.find((line) => line.request.token === lease.token);
  }

  #refusing(request: Pick<AcquireRequest, 'limits'>): string | undefined {
    return request.limits.find(({ scope, id, sessionsMax }) => {
      const counted = this.#lines.filter((line) => line.request.limits.some((l) => l.scope === scope && l.id === id));
      return sessionsMax !== null && counted.length >= sessionsMax;
    })?.scope;
  }
}

/** Runs the operations on both, comparing every answer and, after each step, every line held. */
export async function replay(under: LeaseStoreUnderTest, operations: readonly LeaseOperation[]): Promise<void> {
  const model = new LeaseModel(under.terms);
  const leases = new Map<number, Lease[]>();
  for (const [step, operation] of operations.entries()) {
    const [expected, actual] = await apply(operation, { model, under, leases, step });
    assert.deepEqual(actual, expected, `step ${step}: ${JSON.stringify(operation)}`);
    const lines = await under.store.list({ scope: 'pool', id: 'pool_a', linesMax: 10_000 });
    const listed = lines.map((line) => `${line.sessionId} ${line.tenantId} ${line.state}`).sort();
    assert.deepEqual(listed, model.lines(), `lines held after step ${step}: ${JSON.stringify(operation)}`);
  }
}

interface Replay {
  readonly model: LeaseModel;
  readonly under: LeaseStoreUnderTest;
  readonly leases: Map<number, Lease[]>;
  readonly step: number;
}

type Answers = readonly [expected: unknown, actual: unknown];

async function apply(operation: LeaseOperation, { model, under, leases, step }: Replay): Promise<Answers> {
  switch (operation.kind) {
    case 'acquire':
      return acquire(operation, { model, under, leases, step });
    case 'renew_all': {
      const all = [...leases.values()].flat();
      const lost = all.filter((lease) => !model.renew(lease));
      return [lost, await under.store.renew(all)];
    }
    case 'advance':
      model.advance(operation.ms);
      await under.advance(operation.ms);
      return [null, null];
    default: {
      const lease = leases.get(operation.session)?.at(operation.stale ? 0 : -1);
      return lease ? onLease(operation.kind, lease, { model, under }) : [null, null];
    }
  }
}

async function acquire(
  { session, key, tenant, cap }: Extract<LeaseOperation, { kind: 'acquire' }>,
  { model, under, leases, step }: Replay,
): Promise<Answers> {
  const request = lineRequest({
    session: `${session}`,
    token: `${step}`,
    ids: { key: `${tenant}${key}`, tenant: `${tenant}` },
    caps: { key: cap, tenant: cap + 1, pool: cap + 3 },
  });
  const expected = model.acquire(request);
  if (expected === 'elsewhere') {
    await assert.rejects(under.store.acquire(request));
    return [null, null];
  }
  const outcome = await under.store.acquire(request);
  if (outcome.kind === 'admitted') leases.set(session, [...(leases.get(session) ?? []), outcome.lease]);
  return [expected, outcome.kind === 'denied' ? outcome.denial.scope : outcome.kind];
}

async function onLease(
  kind: 'confirm' | 'release' | 'renew' | 'reregister',
  lease: Lease,
  { model, under: { store } }: Pick<Replay, 'model' | 'under'>,
): Promise<Answers> {
  switch (kind) {
    case 'confirm':
      return [model.confirm(lease), await store.confirm(lease)];
    case 'release':
      return [model.release(lease), await store.release(lease)];
    case 'renew':
      return [model.renew(lease) ? [] : [lease], await store.renew([lease])];
    case 'reregister':
      return [model.reregister(lease) ? [] : [lease], await store.reregister([lease])];
  }
}
