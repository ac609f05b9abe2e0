// A new key in the place of another, without a gap: both work until the overlap is over.
import { err, mintId, ok, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import {
  checkInput,
  displayOf,
  mintKey,
  RotateKeyInput,
  type Administered,
  type CreatedKey,
  type RotateKeyRequest,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { changing, lockTenant } from './locks.js';
import { keyNotFound } from './not-found.js';
import { apiKeyOf } from './tenancy-rows.js';

/** A key that took another's place, with its secret: shown now or never. */
export interface RotatedKey extends CreatedKey {
  /** When the old one ends, Unix milliseconds. */
  readonly oldEndsAtMs: number;
}

/**
 * Makes a key of the same name, limits and shares. The old one ends after the overlap, or when it would have ended; its share of lines
 * goes to the new one at once. Sessions that the old one opened end with it.
 */
export async function rotateKey(
  context: TenancyContext,
  { tenantId, keyId }: { readonly tenantId: TenantId; readonly keyId: ApiKeyId },
  request: RotateKeyRequest,
): Administered<RotatedKey> {
  const input = checkInput(RotateKeyInput, request);
  if (!input.ok) return input;
  const { clock, randomBytes, hashKey } = context;
  const nowMs = clock.nowMs();
  return changing(context.db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    const old = tenant.ok ? await tx.apiKey.findUnique({ where: { id: keyId, tenantId } }) : null;
    if (old === null) return err(keyNotFound(keyId));
    const refusal = whyNot(apiKeyOf(old), old.jwtIssuerId !== null, nowMs);
    if (refusal !== null) return err({ code: 'does_not_hold', message: refusal });
    const secret = mintKey(randomBytes);
    const { name, sessionsMax, models, origins, scopes, expiresAt } = old;
    const id = mintId('key', nowMs, randomBytes);
    const made = await tx.apiKey.create({
      data: {
        ...{ id, tenantId, name, sessionsMax, models, origins, scopes, expiresAt, replaces: keyId },
        ...{ hmac: hashKey(secret), ...displayOf(secret) },
      },
    });
    await tx.poolKeyShare.updateMany({ where: { keyId, tenantId }, data: { keyId: id } });
    const oldEndsAtMs = Math.min(expiresAt?.getTime() ?? Infinity, nowMs + input.value.overlapMs);
    await tx.apiKey.update({ where: { id: keyId, tenantId }, data: { expiresAt: new Date(oldEndsAtMs) } });
    return ok({ key: apiKeyOf(made), secret, oldEndsAtMs });
  });
}

function whyNot(
  { status, expiresAtMs }: ReturnType<typeof apiKeyOf>,
  isOfAnIssuer: boolean,
  nowMs: number,
): string | null {
  if (isOfAnIssuer)
    return 'This key has no text: it is what tokens of an issuer act as, and there is nothing to rotate.';
  if (status === 'active' && (expiresAtMs === null || expiresAtMs > nowMs)) return null;
  return 'This key does not work any more (revoked, suspended or expired): make a new one.';
}
