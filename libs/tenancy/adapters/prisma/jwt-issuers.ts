// Services on issuers of tokens and on the keys that stand for their apps. Whose tokens are believed is for the operator: a
// tenant's administrators do not come here.
import { err, mintId, ok, parseId, type TenantId } from '@trunkline/kernel';
import { isUniqueViolation, type Database, type Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import {
  checkInput,
  CreateJwtIssuerInput,
  CreateJwtKeyInput,
  type Administered,
  type ApiKeyRecord,
  type CreateJwtIssuerRequest,
  type CreateJwtKeyRequest,
  type JwtIssuer,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { jwtIssuerOf } from './jwt-issuer-rows.js';
import { changing } from './locks.js';
import { issuerNotFound, tenantNotFound } from './not-found.js';
import { findTenant } from './tenants.js';
import { apiKeyOf, storedList } from './tenancy-rows.js';

/** An issuer as administrators see it. */
export interface JwtIssuerRecord extends JwtIssuer {
  readonly name: string;
  readonly revokedAtMs: number | null;
}

const HMAC_BYTES = 32;

/** Begins to take an issuer's tokens. */
export async function createJwtIssuer(
  context: TenancyContext,
  request: CreateJwtIssuerRequest,
): Administered<JwtIssuerRecord> {
  const input = checkInput(CreateJwtIssuerInput, request);
  if (!input.ok) return input;
  const { tenant: named, jwks, ...columns } = input.value;
  const tenant = named === null ? null : await findTenant(context, named);
  if (tenant?.ok === false) return tenant;
  const id = mintId('iss', context.clock.nowMs(), context.randomBytes);
  const data = {
    ...columns,
    id,
    tenantId: tenant?.value.id ?? null,
    ...(jwks === null ? {} : { jwks: KEYS.parse(jwks) }),
  };
  try {
    return await changing(context.db, async (tx) => ok(recordOf(await tx.jwtIssuer.create({ data }))));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return err({
      code: 'issuer_taken',
      message:
        'There is an issuer of this name, or with this iss, already. Revoke it first: an issuer does not change.',
      fields: ['name', 'issuer'],
    });
  }
}

/** All issuers, revoked ones too, oldest first. */
export async function listJwtIssuers({ db }: Pick<TenancyContext, 'db'>): Promise<readonly JwtIssuerRecord[]> {
  return (await db.jwtIssuer.findMany({ orderBy: { id: 'asc' } })).map(recordOf);
}

/** Takes none of its tokens any more, for ever. The keys of its apps are revoked with it, so their live sessions end. */
export async function revokeJwtIssuer(
  { db, clock }: Pick<TenancyContext, 'db' | 'clock'>,
  named: string,
): Administered<JwtIssuerRecord> {
  return db.$transaction(async (tx) => {
    const found = await find(tx, named);
    if (found === null) return err(issuerNotFound(named));
    if (found.revokedAt !== null) return ok(recordOf(found));
    const data = { revokedAt: new Date(clock.nowMs()) };
    const keys = await tx.apiKey.findMany({ where: { jwtIssuerId: found.id }, select: { id: true } });
    await tx.poolKeyShare.deleteMany({ where: { keyId: { in: keys.map(({ id }) => id) } } });
    await tx.apiKey.updateMany({ where: { jwtIssuerId: found.id, revokedAt: null }, data });
    return ok(recordOf(await tx.jwtIssuer.update({ where: { id: found.id }, data })));
  });
}

/** Makes the key that an app's tokens act as. It has no text: nobody can act as it but with a token. */
export async function createJwtKey(
  context: TenancyContext,
  tenantId: TenantId,
  request: CreateJwtKeyRequest,
): Administered<ApiKeyRecord> {
  const input = checkInput(CreateJwtKeyInput, request);
  if (!input.ok) return input;
  const { issuer: named, subject, models, origins, ...columns } = input.value;
  const { db, clock, randomBytes } = context;
  const nowMs = clock.nowMs();
  const issuer = await find(db, named);
  if (issuer === null || issuer.revokedAt !== null) return err(issuerNotFound(named));
  if (issuer.tenantId !== null && issuer.tenantId !== tenantId)
    return err({
      code: 'does_not_hold',
      message: 'This issuer is another tenant’s: its tokens speak for that one only.',
    });
  if ((await db.tenant.findUnique({ where: { id: tenantId }, select: { id: true } })) === null)
    return err(tenantNotFound(tenantId));
  const jwt = { jwtIssuerId: issuer.id, jwtSubject: subject };
  const unknown = { hmac: Buffer.from(randomBytes(HMAC_BYTES)).toString('hex'), prefix: 'jwt', last4: '' };
  const lists = { models: storedList(models), origins: storedList(origins) };
  try {
    const data = { ...columns, ...lists, ...jwt, ...unknown, id: mintId('key', nowMs, randomBytes), tenantId };
    return ok(apiKeyOf(await db.apiKey.create({ data })));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return err({
      code: 'does_not_hold',
      message: 'This tenant has a key for this app of the issuer already: revoke that one first.',
    });
  }
}

type Row = Prisma.JwtIssuerGetPayload<object>;

/** By id, or by the name of one in force; else the last that had it. */
function find(db: Pick<Database, 'jwtIssuer'>, named: string): Promise<Row | null> {
  const id = parseId('iss', named);
  if (id !== null) return db.jwtIssuer.findUnique({ where: { id } });
  return db.jwtIssuer.findFirst({
    where: { name: named },
    orderBy: [{ revokedAt: { sort: 'desc', nulls: 'first' } }],
  });
}

function recordOf(row: Row): JwtIssuerRecord {
  return { ...jwtIssuerOf(row), name: row.name, revokedAtMs: row.revokedAt?.getTime() ?? null };
}

// What was read from JSON is JSON.
const KEYS = z.record(z.string(), z.json());
