// Services on API tokens: credentials of programs for the admin API. Guarantees: nobody makes a token that may do more than they,
// and a token never does more than its maker may at that moment; it is shown once, stored as an HMAC, and always ends: with
// the token that made it, and with its member, too. Who stands behind it is handed down, so a line of tokens is one person.
import { err, mintId, ok, trustedId, type ApiTokenId, type MemberId, type TenantId } from '@trunkline/kernel';
import type { Database, Prisma } from '@trunkline/platform/database';
import {
  accessPrincipal,
  grantProblem,
  grantsBeyond,
  isWellFormedSecret,
  mintSecret,
  type AccessPrincipal,
  type Administered,
  type Grant,
} from '../../index.js';
import { unguarded } from './audited.js';
import type { TenancyContext } from './context.js';
import { grantOf } from './grants.js';
import { changing, type Tx } from './locks.js';

const PREFIX = 'tlat_';
const NAME_CHARS_MAX = 100;
const DAY_MS = 86_400_000;
// A program that hands on to a program: more than this is nobody's intention.
const LINE_MAX = 5;
/** A token ends after a year at the latest. */
export const TOKEN_DAYS_MAX = 366;
// Often enough to see that a token is in use; a write with each request would be a burden for nothing.
const USED_EVERY_MS = 60_000;

/** A token as administrators see it: recognisable, not usable. */
export interface ApiTokenRecord {
  readonly id: ApiTokenId;
  readonly name: string;
  readonly last4: string;
  readonly memberId: MemberId | null;
  /** The token that made it. */
  readonly parentId: ApiTokenId | null;
  /** Who stands behind it, for two-person rules. */
  readonly person: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  readonly usedAtMs: number | null;
  readonly grants: readonly Grant[];
}

/** What is asked for. */
export interface TokenRequest {
  readonly name: string;
  readonly days: number;
  readonly grants: readonly Grant[];
}

/** Who makes a token: somebody with grants, or somebody at a terminal (`principal` null), who may do everything. */
export interface TokenMaker {
  readonly principal: AccessPrincipal | null;
  readonly name: string;
}

/** Makes a token. Its secret is in the answer and nowhere else. */
export async function createToken(
  context: TenancyContext,
  { principal, name: createdBy }: TokenMaker,
  request: TokenRequest,
): Administered<{ readonly token: ApiTokenRecord; readonly id: ApiTokenId; readonly secret: string }> {
  const problem = problemOf(request, principal);
  if (problem !== null) return err({ code: 'invalid_input', message: problem });
  const nowMs = context.clock.nowMs();
  const id = mintId('tok', nowMs, context.randomBytes);
  const secret = mintSecret(PREFIX, context.randomBytes);
  const parentId = principal?.source.kind === 'token' ? principal.source.tokenId : null;
  return changing(context.db, async (tx) => {
    const parent = parentId === null ? null : await lockedParent(tx, parentId, nowMs);
    if (parent?.ok === false) return parent;
    const data = {
      ...{ id, name: request.name.trim(), hmac: context.hashKey(secret), last4: secret.slice(-4), createdBy },
      ...{ memberId: principal?.memberId ?? null, parentId, person: principal?.person ?? createdBy },
      createdAt: new Date(nowMs),
      expiresAt: new Date(Math.min(nowMs + request.days * DAY_MS, parent?.value.expiresAtMs ?? Infinity)),
    };
    await tx.apiToken.create({ data });
    const grants = request.grants.map(({ role, tenantId }) => ({
      ...{ id: mintId('grt', nowMs, context.randomBytes), tokenId: id, role, tenantId, grantedBy: createdBy },
    }));
    await tx.accessGrant.createMany({ data: grants });
    const row = await tx.apiToken.findUniqueOrThrow({ where: { id }, include: { grants: true } });
    return ok({ token: tokenOf(row), id, secret });
  });
}

/** Whose tokens: everybody's, a member's, or the one itself and what it made. */
export type WhoseTokens = 'everybody' | { readonly memberId: MemberId } | { readonly id: ApiTokenId };

/** Ends a token at once; one that is not among these is not found. Once more changes nothing. */
export function revokeToken(
  { db, clock }: Pick<TenancyContext, 'db' | 'clock'>,
  id: string,
  whose: WhoseTokens,
): Administered<ApiTokenRecord> {
  return changing(db, async (tx) => {
    const where = { AND: [{ id }, tokensOf(whose)] };
    await tx.apiToken.updateMany({
      where: { ...where, revokedAt: null },
      data: { revokedAt: new Date(clock.nowMs()) },
    });
    const row = await tx.apiToken.findFirst({ where, include: { grants: true } });
    if (row !== null) return ok(tokenOf(row));
    return err({ code: 'token_not_found', message: 'There is no such token. List them to see their ids.' });
  });
}

/** Tokens, the newest first. */
export async function listTokens(
  db: Pick<Database, 'apiToken'>,
  whose: WhoseTokens,
): Promise<readonly ApiTokenRecord[]> {
  const where = tokensOf(whose);
  const rows = await db.apiToken.findMany({ where, include: { grants: true }, orderBy: { id: 'desc' } });
  return rows.map(tokenOf);
}

/** Who is behind a token; null for one that is malformed, unknown, revoked or over, as is one whose maker is. */
export async function findByToken(
  { db, clock, hashKey }: Pick<TenancyContext, 'db' | 'clock' | 'hashKey'>,
  secret: string,
): Promise<AccessPrincipal | null> {
  if (!isWellFormedSecret(PREFIX, secret)) return null;
  const nowMs = clock.nowMs();
  const row = await db.apiToken.findUnique({
    where: { hmac: hashKey(secret), revokedAt: null, expiresAt: { gt: new Date(nowMs) } },
    include: { grants: true, member: { include: { grants: true } } },
  });
  if (row === null || (row.member !== null && row.member.disabledAt !== null)) return null;
  if (row.parentId !== null && !(await isLineGood(db, row.parentId, nowMs))) return null;
  if (row.usedAt === null || row.usedAt.getTime() + USED_EVERY_MS <= nowMs)
    await unguarded(db).apiToken.updateMany({ where: { id: row.id }, data: { usedAt: new Date(nowMs) } });
  const memberId = row.memberId === null ? null : trustedId('mbr', row.memberId);
  const tokenId = trustedId('tok', row.id);
  const who = { id: row.id, name: row.name, memberId, person: row.person };
  const parts = { kind: 'token', ...who, source: { kind: 'token', tokenId } } as const;
  const wanted = row.grants.map(grantOf);
  if (row.member === null) return accessPrincipal({ ...parts, grants: wanted });
  // What its maker has lost since, the token has lost too.
  const maker = accessPrincipal({ ...parts, grants: row.member.grants.map(grantOf) });
  const lost = new Set(grantsBeyond(maker, wanted));
  return accessPrincipal({ ...parts, grants: wanted.filter((grant) => !lost.has(grant)) });
}

function tokensOf(whose: WhoseTokens): Prisma.ApiTokenWhereInput {
  if (whose === 'everybody') return {};
  return 'memberId' in whose ? whose : { OR: [whose, { parentId: whose.id }] };
}

// Held until the commit: a token that is revoked meanwhile makes no other.
async function lockedParent(
  tx: Tx,
  id: ApiTokenId,
  nowMs: number,
): Administered<{ readonly id: ApiTokenId; readonly expiresAtMs: number }> {
  const [row] = await tx.$queryRaw<{ expires_at: Date }[]>`
    SELECT "expires_at" FROM "api_token"
    WHERE "id" = ${id} AND "revoked_at" IS NULL AND "expires_at" > ${new Date(nowMs)} FOR SHARE`;
  if (row !== undefined && (await lineOf(tx, id)).length < LINE_MAX)
    return ok({ id, expiresAtMs: row.expires_at.getTime() });
  const message = `A token makes another while it is good, and a line has at most ${LINE_MAX}: ask a member for one.`;
  return err({ code: 'does_not_hold', message });
}

async function isLineGood(db: Pick<Database, '$queryRaw'>, id: string, nowMs: number): Promise<boolean> {
  const line = await lineOf(db, id);
  return line.every(({ revoked_at, expires_at }) => revoked_at === null && expires_at.getTime() > nowMs);
}

/** A token and those that it comes from. */
function lineOf(db: Pick<Database, '$queryRaw'>, id: string) {
  return db.$queryRaw<{ readonly revoked_at: Date | null; readonly expires_at: Date }[]>`
    WITH RECURSIVE "line" AS (
      SELECT "parent_id", "revoked_at", "expires_at" FROM "api_token" WHERE "id" = ${id}
      UNION ALL
      SELECT "made"."parent_id", "made"."revoked_at", "made"."expires_at"
      FROM "api_token" AS "made" JOIN "line" ON "made"."id" = "line"."parent_id")
    SELECT "revoked_at", "expires_at" FROM "line"`;
}

function problemOf({ name, days, grants }: TokenRequest, principal: AccessPrincipal | null): string | null {
  if (name.trim() === '' || name.length > NAME_CHARS_MAX) return `name must have 1 to ${NAME_CHARS_MAX} characters.`;
  if (!Number.isInteger(days) || days < 1 || days > TOKEN_DAYS_MAX)
    return `days must be a whole number from 1 to ${TOKEN_DAYS_MAX}.`;
  if (grants.length === 0) return 'A token needs a role.';
  const misplaced = grants.map(({ role, tenantId }) => grantProblem(role, tenantId)).find((each) => each !== null);
  if (misplaced !== undefined) return `${misplaced}.`;
  const beyond = principal === null ? [] : grantsBeyond(principal, grants);
  if (beyond.length === 0) return null;
  return `You cannot give more than you have: ${beyond.map(grantText).join(', ')}.`;
}

function grantText({ role, tenantId }: { readonly role: string; readonly tenantId: TenantId | null }): string {
  return tenantId === null ? role : `${role} of ${tenantId}`;
}

type TokenRow = Awaited<ReturnType<Database['apiToken']['findFirstOrThrow']>> & {
  readonly grants: readonly { readonly role: string; readonly tenantId: string | null }[];
};

function tokenOf(row: TokenRow): ApiTokenRecord {
  return {
    ...{ id: trustedId('tok', row.id), name: row.name, last4: row.last4, createdBy: row.createdBy },
    memberId: row.memberId === null ? null : trustedId('mbr', row.memberId),
    parentId: row.parentId === null ? null : trustedId('tok', row.parentId),
    person: row.person,
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt.getTime(),
    revokedAtMs: row.revokedAt?.getTime() ?? null,
    usedAtMs: row.usedAt?.getTime() ?? null,
    grants: row.grants.map(grantOf),
  };
}
