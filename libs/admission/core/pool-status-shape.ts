// A pool's status as it travels from whoever knows the lines to whoever reads them: plain data with times as ISO 8601
// (UTC), checked where it arrives. Guarantees that the admin API and the command line speak of the same fields. What the
// numbers mean is for `pool-status.ts`, which makes them.
import { z } from 'zod';

const Count = z.int().nonnegative();
const Time = z.iso.datetime();

/** A pool in numbers. All are sessions but the pauses. */
const PoolTotals = z.object({
  /** Sessions open at once; null: no cap. */
  cap: Count.nullable(),
  /** Lines with a session on them. */
  open: Count,
  /** Lines reserved for a dial under way. */
  pending: Count,
  /** Lines kept a moment for a client to reconnect. */
  kept: Count,
  /** Lines that nobody holds; null without a cap. */
  free: Count.nullable(),
  /** Of the free lines, those that only a tenant or key below its floor may take. */
  heldBack: Count,
  /** Calls that stand in line. */
  waiting: Count,
  /** Milliseconds for which the upstream's headroom keeps everybody out; 0: not at all. */
  pausedForMs: z.number().nonnegative(),
  /** The same of model families that are kept out by themselves. */
  pausedFamilies: z.record(z.string(), z.number().nonnegative()),
  /** Milliseconds for which nobody is let in, because living sessions are counted again; 0: it is not so. */
  recoveringMs: z.number().nonnegative(),
});

/** A model family with a cap of its own in the pool. What the pool's cap leaves free may be less. */
const FamilyStanding = z.object({
  family: z.string(),
  cap: Count,
  /** Lines held in it, pending and kept ones included. */
  held: Count,
  free: Count,
  /** Of the free lines, those that only a tenant or key below its floor may take. */
  heldBack: Count,
  waiting: Count,
});

const TenantStanding = z.object({
  tenantId: z.string(),
  tenant: z.string(),
  /** Lines it holds, pending and kept ones included. */
  held: Count,
  pending: Count,
  kept: Count,
  waiting: Count,
  floor: Count,
  ceiling: Count.nullable(),
  weight: Count,
  /** Lines it should hold now, by what everybody holds and waits for. */
  fairShare: Count,
  /** Lines it should hold and does not. */
  owed: Count,
});

// The words of the totals. An older product says `confirmed` of an open line.
const LineState = z.preprocess(
  (state) => (state === 'confirmed' ? 'open' : state),
  z.enum(['pending', 'open', 'kept']),
);

const Holder = {
  sessionId: z.string(),
  tenant: z.string(),
  keyId: z.string(),
  key: z.string(),
  family: z.string(),
  replicaId: z.string(),
  since: Time,
};

/** A pool of the list. */
export const PoolSummaryShape = z.object({
  poolId: z.string(),
  /** Its slug. */
  pool: z.string(),
  /** Draining: no new sessions, live ones go on. */
  status: z.enum(['active', 'draining']),
  totals: PoolTotals,
  /** Those with a cap of their own, by name. */
  families: z.array(FamilyStanding).readonly(),
});

/** A pool with its tenants and who waits, and some of who holds lines. */
export const PoolStatusShape = PoolSummaryShape.extend({
  /** When the lines were looked at. */
  asOf: Time,
  /** Who has a share, holds a line or waits; by name. */
  tenants: z.array(TenantStanding).readonly(),
  /** Those that were asked for, held longest first. */
  lines: z.array(z.object({ ...Holder, state: LineState })).readonly(),
  /** Where more lines are to be had; null: there are none, or none were asked for. */
  nextLines: z.string().nullable(),
  /** In the order in which they began to wait. Who is next is not this order but who is owed a line. */
  waiting: z.array(z.object(Holder)).readonly(),
});

/** A pool of the list: name and numbers. */
export type PoolSummary = Readonly<z.infer<typeof PoolSummaryShape>>;
/** A pool with its tenants, lines and waiting calls. */
export type PoolStatus = Readonly<z.infer<typeof PoolStatusShape>>;
