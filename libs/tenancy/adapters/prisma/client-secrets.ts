// Client secrets in PostgreSQL: the one store that every installation has, that all gateways share and that forgets
// nothing, so that a secret which was used stays used. Ordinary keys never come here.
import {
  err,
  mintId,
  ok,
  trustedId,
  type Clock,
  type ClientSecretId,
  type Result,
  type TenantId,
} from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import type { Administered, ClientSecret, ClientSecretStore, MintRequest, SecretOwner } from '../../index.js';
import type { TenancyContext } from './context.js';
import { secretNotFound } from './not-found.js';
import { storedList } from './tenancy-rows.js';

/** What the store works with. */
export interface ClientSecretParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly randomBytes: (n: number) => Uint8Array;
  /** Secrets that one key may mint within a minute. */
  readonly perMinuteMax?: number;
  /** What the sessions of one key's secrets that are not over may take, bytes. */
  readonly bytesMax?: number;
}

// Ten a second for each key: more sessions than any upstream account opens, and no flood of rows.
const PER_MINUTE_MAX = 600;
// Thousands of secrets with instructions of an ordinary length, at once.
const BYTES_MAX = 32 * 1024 * 1024;
const MINUTE_MS = 60_000;
// Who asks which session was opened with which secret asks within a month.
const KEPT_MS = 30 * 24 * 3_600_000;
const LISTED_MAX = 1_000;

type SecretRow = Prisma.ClientSecretGetPayload<{ omit: { hmac: true } }>;

/** The store of an installation's gateways. */
export class PrismaClientSecrets implements ClientSecretStore {
  constructor(private readonly parts: ClientSecretParts) {}

  async mint(request: MintRequest): Promise<Result<ClientSecret, { readonly retryAfterMs: number }>> {
    const { db, clock, randomBytes, perMinuteMax = PER_MINUTE_MAX, bytesMax = BYTES_MAX } = this.parts;
    const { seconds, session, pinned, origins, ...columns } = request;
    return db.$transaction(async (tx) => {
      // One mint of a key at a time, or two could both be the last that is allowed.
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${request.keyId}, 0))`;
      const nowMs = clock.nowMs();
      const [earliest] = await tx.$queryRaw<{ created_at: Date }[]>`
        SELECT created_at FROM client_secret
        WHERE key_id = ${request.keyId} AND created_at > ${new Date(nowMs - MINUTE_MS)}
        ORDER BY created_at DESC OFFSET ${perMinuteMax - 1} LIMIT 1`;
      if (earliest) return err({ retryAfterMs: Math.max(1_000, earliest.created_at.getTime() + MINUTE_MS - nowMs) });
      const mine = Buffer.byteLength(JSON.stringify(session));
      const [kept] = await tx.$queryRaw<{ bytes: bigint; first: Date | null }[]>`
        SELECT COALESCE(sum(session_bytes), 0)::bigint AS bytes, min(expires_at) AS first FROM client_secret
        WHERE key_id = ${request.keyId} AND expires_at > ${new Date(nowMs)}`;
      if (kept && Number(kept.bytes) + mine > bytesMax)
        return err({ retryAfterMs: Math.max(1_000, (kept.first?.getTime() ?? nowMs) - nowMs) });
      const row = await tx.clientSecret.create({
        data: {
          ...columns,
          id: mintId('ecs', nowMs, randomBytes),
          session: SETTINGS.parse(session),
          pinned: [...pinned],
          origins: storedList(origins),
          createdAt: new Date(nowMs),
          expiresAt: new Date(nowMs + seconds * 1_000),
        },
      });
      return ok(clientSecretOf(row));
    });
  }

  async find(hmac: string): Promise<ClientSecret | null> {
    const row = await this.parts.db.clientSecret.findUnique({ where: { hmac } });
    return row && clientSecretOf(row);
  }

  async use(id: ClientSecretId): Promise<boolean> {
    // One statement: of any number of gateways that try at once, as many succeed as uses are left.
    const used = await this.parts.db.$executeRaw`
      UPDATE client_secret SET uses = uses + 1
      WHERE id = ${id} AND revoked_at IS NULL AND expires_at > ${new Date(this.parts.clock.nowMs())}
        AND (uses_max IS NULL OR uses < uses_max)`;
    return used === 1;
  }

  async giveBack(id: ClientSecretId): Promise<void> {
    await this.parts.db.$executeRaw`UPDATE client_secret SET uses = uses - 1 WHERE id = ${id} AND uses > 0`;
  }

  async revoke({ tenantId, keyId }: SecretOwner, id: string): Promise<ClientSecret | null> {
    return revoked(this.parts, { id, tenantId, keyId });
  }
}

/** The tenant's newest client secrets, used up and revoked ones too. */
export async function listClientSecrets(
  { db }: Pick<TenancyContext, 'db'>,
  tenantId: TenantId,
): Promise<readonly ClientSecret[]> {
  const rows = await db.clientSecret.findMany({ where: { tenantId }, orderBy: { id: 'desc' }, take: LISTED_MAX });
  return rows.map(clientSecretOf);
}

/** Makes a secret useless for ever: its live sessions end within two seconds. */
export async function revokeClientSecret(
  context: Pick<TenancyContext, 'db' | 'clock'>,
  tenantId: TenantId,
  id: string,
): Administered<ClientSecret> {
  const secret = await revoked(context, { id, tenantId });
  return secret === null ? err(secretNotFound(id)) : ok(secret);
}

/**
 * Deletes at most `max` secrets that nobody asks about any more, and what sessions began with of as many that are over.
 * @returns how many of what there was more of.
 */
export async function sweepClientSecrets(
  db: Database,
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): Promise<number> {
  const emptied = await db.$executeRaw`
    UPDATE client_secret SET session = '{}' WHERE id IN (
      SELECT id FROM client_secret WHERE expires_at < ${new Date(nowMs)} AND session_bytes > 2
      ORDER BY expires_at LIMIT ${max})`;
  const deleted = await db.$executeRaw`
    DELETE FROM client_secret WHERE id IN (
      SELECT id FROM client_secret WHERE expires_at < ${new Date(nowMs - KEPT_MS)} ORDER BY expires_at LIMIT ${max})`;
  return Math.max(emptied, deleted);
}

async function revoked(
  { db, clock }: Pick<TenancyContext, 'db' | 'clock'>,
  where: { readonly id: string; readonly tenantId: TenantId; readonly keyId?: string },
): Promise<ClientSecret | null> {
  // The first revocation counts.
  const data = { revokedAt: new Date(clock.nowMs()) };
  await db.clientSecret.updateMany({ where: { ...where, revokedAt: null }, data });
  const row = await db.clientSecret.findFirst({ where });
  return row && clientSecretOf(row);
}

const SETTINGS = z.record(z.string(), z.json());
const KIND = z.enum(['realtime', 'transcription']);

function clientSecretOf(row: SecretRow): ClientSecret {
  const { model, pinned, origins, usesMax, uses, endUser, judgedBy, createdAt, expiresAt, revokedAt } = row;
  return {
    id: trustedId('ecs', row.id),
    tenantId: trustedId('tnt', row.tenantId),
    keyId: trustedId('key', row.keyId),
    kind: KIND.parse(row.kind),
    model,
    session: SETTINGS.parse(row.session),
    pinned,
    origins: origins.length === 0 ? null : origins,
    usesMax,
    uses,
    endUser,
    judgedBy,
    createdAtMs: createdAt.getTime(),
    expiresAtMs: expiresAt.getTime(),
    revokedAtMs: revokedAt?.getTime() ?? null,
  };
}
