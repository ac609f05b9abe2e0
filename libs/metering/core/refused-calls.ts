// Calls that got no line, as the journal carries them: who, for which model, why, and how many, so that what another cap
// would have done can be asked later. Counted together over a few seconds: however often an app knocks, a few rows a
// minute remain of it. No content, no address; nothing of it touches money.
import {
  parseId,
  type ApiKeyId,
  type PoolId,
  type RefusedCallsId,
  type ReplicaId,
  type TenantId,
} from '@trunkline/kernel';
import { z } from 'zod';
import { timeMsSchema, whoSchema } from './usage-event-schema.js';

/** Calls of one key that came to the same end within a few seconds. */
export interface RefusedCalls {
  readonly id: RefusedCallsId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly replicaId: ReplicaId;
  readonly model: string;
  /** What they count under where caps are by model family. */
  readonly family: string;
  /** Why they got no session: a word of the gateway's, which the journal takes as it is. */
  readonly reason: string;
  /** The pools that were asked for a line, in the order of their ids. */
  readonly pools: readonly PoolId[];
  /** When the first and the last of them asked, Unix milliseconds. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** How many there were. */
  readonly calls: number;
  /** How long they stood in line before that, together and the longest; 0 when they did not. */
  readonly waitedMs: number;
  readonly waitedMsMax: number;
  /** How long their app asked to wait; null: it did not say, or a release before this field wrote the record. */
  readonly waitAskedMs: number | null;
}

// The column is a 32-bit integer; no wait comes near.
const WAIT_ASKED_MS_MAX = 2 ** 31 - 1;

const count = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).transform(Math.round);

/** Milliseconds that an app asked to wait. Absent in records of releases before this field. */
export const waitAskedSchema = z.number().int().min(0).max(WAIT_ASKED_MS_MAX).nullable().default(null);

/** Version 1 of what is stored. */
export const refusedCallsSchema: z.ZodType<RefusedCalls> = z.object({
  id: z.string().transform((text, context) => {
    const id = parseId('rfc', text);
    if (id !== null) return id;
    context.addIssue({ code: 'custom', message: 'not the id of refused calls' });
    return z.NEVER;
  }),
  tenantId: whoSchema.tenantId,
  keyId: whoSchema.keyId,
  replicaId: whoSchema.replicaId,
  model: z.string(),
  family: z.string(),
  reason: z.string(),
  pools: z.array(whoSchema.poolId),
  fromMs: timeMsSchema,
  untilMs: timeMsSchema,
  calls: count,
  waitedMs: count,
  waitedMsMax: count,
  waitAskedMs: waitAskedSchema,
});
