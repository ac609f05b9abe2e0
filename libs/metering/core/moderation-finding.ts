// What a moderation hook found in a live session, as the journal carries it: who, where, which hook and what it led to. The
// content itself is not in it; where a tenant's policy keeps content, a sealed excerpt is, which nobody reads without the
// installation's key. The id is minted once, so a finding that is stored again stays one.
import { createHash } from 'node:crypto';
import {
  base32,
  parseId,
  trustedId,
  type ApiKeyId,
  type ModerationFindingId,
  type ReplicaId,
  type ReviewItemId,
  type SessionId,
  type TenantId,
} from '@trunkline/kernel';
import { z } from 'zod';
import { timeMsSchema, whoSchema } from './usage-event-schema.js';

/** An excerpt of what was found, sealed for its session. */
export interface SealedContent {
  /** The excerpt under the session's key. */
  readonly sealed: string;
  /** The session's key under the installation's. Without it the excerpt is noise. */
  readonly wrappedKey: string;
  /** Where the tenant wants its content kept; a label. */
  readonly region: string | null;
  /** Until when it may be kept, Unix milliseconds. */
  readonly keepUntilMs: number;
}

/** What a hook found, or that it failed. */
export interface ModerationFinding {
  readonly id: ModerationFindingId;
  readonly sessionId: SessionId;
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly replicaId: ReplicaId;
  /** Keyed hash of the end user that the app named; null where it named none. */
  readonly endUser: string | null;
  /** Of the tenant's policy. */
  readonly policyVersion: number;
  /** The vendor's ids of what was judged. */
  readonly itemId: string | null;
  readonly responseId: string | null;
  readonly direction: 'input' | 'output';
  /** The names below are moderation's; the journal takes them as they are. */
  readonly contentKind: string;
  readonly hook: string;
  readonly hookType: string;
  readonly action: string;
  /** The highest score of each category. */
  readonly categories: readonly { readonly category: string; readonly score: number }[];
  /** Why there is no verdict, of the hook or in time; null when there is one. */
  readonly failure: string | null;
  readonly dryRun: boolean;
  /** What else the policy wants done about it, e.g. `suspend_key`. */
  readonly then: readonly string[];
  readonly occurredAtMs: number;
  readonly content: SealedContent | null;
}

const HASH_CHARS = 26;
const TO_REVIEW = new Set(['flag', 'block', 'end']);
const HOUR_MS = 3_600_000;

/**
 * The item of the review queue that a finding belongs to: one for all that was found in the same response or item, so that
 * a person decides once; and one an hour for what of a session nobody could judge, so that a hook that is down for a day does
 * not bury what was found. Null for what nobody has to look at: dry runs, redactions.
 */
export function reviewItemOf(finding: ModerationFinding): ReviewItemId | null {
  if (finding.dryRun) return null;
  if (finding.failure !== null) return itemIdOf(finding, ['unjudged', `${Math.floor(finding.occurredAtMs / HOUR_MS)}`]);
  if (!TO_REVIEW.has(finding.action)) return null;
  return itemIdOf(finding, [finding.responseId ?? finding.itemId ?? finding.id]);
}

function itemIdOf({ sessionId }: ModerationFinding, about: readonly string[]): ReviewItemId {
  const hash = createHash('sha256');
  for (const part of [sessionId, ...about]) hash.update(`${part.length}:`).update(part, 'utf16le');
  return trustedId('mri', `mri_${base32(hash.digest()).slice(0, HASH_CHARS)}`);
}

const nullableText = z.string().nullable();

/** Version 1 of a stored finding. */
export const moderationFindingSchema: z.ZodType<ModerationFinding> = z.object({
  id: z.string().transform((text, context) => {
    const id = parseId('mfd', text);
    if (id !== null) return id;
    context.addIssue({ code: 'custom', message: 'not the id of a finding' });
    return z.NEVER;
  }),
  sessionId: whoSchema.sessionId,
  tenantId: whoSchema.tenantId,
  keyId: whoSchema.keyId,
  replicaId: whoSchema.replicaId,
  endUser: nullableText,
  policyVersion: z.number().int().nonnegative(),
  itemId: nullableText,
  responseId: nullableText,
  direction: z.enum(['input', 'output']),
  contentKind: z.string(),
  hook: z.string(),
  hookType: z.string(),
  action: z.string(),
  categories: z.array(z.object({ category: z.string(), score: z.number().min(0).max(1) })),
  failure: nullableText,
  dryRun: z.boolean(),
  then: z.array(z.string()),
  occurredAtMs: timeMsSchema,
  content: z
    .object({ sealed: z.string(), wrappedKey: z.string(), region: nullableText, keepUntilMs: timeMsSchema })
    .nullable(),
});
