// A key as JSON: recognisable, not usable, but for the answer of the request that makes it.
import { formatAmount } from '@trunkline/kernel';
import type { ApiKeyRecord, CreatedKey } from '@trunkline/tenancy';
import type { RotatedKey } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { Next } from '../http/page-query.js';
import { Amount, Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

/** A key. */
export const KeyAnswer = z.strictObject({
  ...{ id: z.string(), tenantId: z.string(), name: z.string() },
  status: z.enum(['active', 'suspended', 'revoked', 'archived']),
  ...{ prefix: z.string(), last4: z.string(), sessionsMax: z.int().nullable() },
  models: z.array(z.string()).readonly().nullable(),
  origins: z.array(z.string()).readonly().nullable(),
  scopes: z.array(z.string()).readonly(),
  ...{ createdAt: Instant, expiresAt: Instant.nullable(), revokedAt: Instant.nullable() },
  replaces: z.string().nullable().meta({ description: 'the key that it took the place of' }),
  archivedAt: Instant.nullable(),
  archivedSpend: Amount.nullable().meta({ description: 'what it had been charged when it was archived' }),
});

/** A page of keys. */
export const KeysAnswer = z.strictObject({ keys: z.array(KeyAnswer), next: Next });

const Secret = z.string().meta({ description: 'the key itself: shown now and never again' });

/** A key that was just made. */
export const NewKeyAnswer = KeyAnswer.extend({ secret: Secret });

/** A key that takes another's place. */
export const RotatedKeyAnswer = NewKeyAnswer.extend({ oldEndsAt: Instant });

/** A key. */
export function keyView(key: ApiKeyRecord): z.output<typeof KeyAnswer> {
  const { id, tenantId, name, prefix, last4, sessionsMax, models, origins, scopes, replaces, archivedSpend } = key;
  return {
    ...{ id, tenantId, name, status: key.archivedAtMs === null ? key.status : 'archived' },
    ...{ prefix, last4, sessionsMax, models, origins, scopes, replaces },
    ...{ createdAt: isoOf(key.createdAtMs), expiresAt: isoOrNull(key.expiresAtMs) },
    ...{ revokedAt: isoOrNull(key.revokedAtMs), archivedAt: isoOrNull(key.archivedAtMs) },
    archivedSpend: archivedSpend === null ? null : formatAmount(archivedSpend),
  };
}

/** A new key. */
export function newKeyView({ key, secret }: CreatedKey): z.output<typeof NewKeyAnswer> {
  return { ...keyView(key), secret };
}

/** A new key in another's place. */
export function rotatedKeyView(rotated: RotatedKey): z.output<typeof RotatedKeyAnswer> {
  return { ...newKeyView(rotated), oldEndsAt: isoOf(rotated.oldEndsAtMs) };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoOf(ms);
}
