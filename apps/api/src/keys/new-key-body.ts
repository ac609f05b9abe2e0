import { CreateKeyInput, type CreateKeyRequest } from '@trunkline/tenancy';
import { z } from 'zod';

/** A new key, as JSON can say it. */
export const NewKeyBody = CreateKeyInput.omit({ expiresAt: true }).extend({
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-12-31T23:59:59Z, or null' })
    .nullable()
    .default(null),
});

/** The request of the service. */
export function createRequestOf({ expiresAt, ...rest }: z.input<typeof NewKeyBody>): CreateKeyRequest {
  return { ...rest, expiresAt: typeof expiresAt === 'string' ? new Date(expiresAt) : null };
}
