// Mints client secrets: reads the request, holds it against what the key may do, stores the hash and answers in OpenAI's
// shape. The secret itself is in the answer and nowhere else.
import { randomBytes } from 'node:crypto';
import { err, ok, type Refusal, type Result } from '@trunkline/kernel';
import { isRealtimeModel, shownSession } from '@trunkline/providers/adapters/openai';
import { route } from '@trunkline/providers';
import {
  endUserRefusal,
  mayUseModel,
  mintClientSecret,
  MintInput,
  modelOfSession,
  type MintBody,
  type Pool,
  type Principal,
} from '@trunkline/tenancy';
import { judgeBeginning } from './gate/judge-beginning.js';
import type { GatewayParts } from './gateway-parts.js';
import type { GatewayHttpParts } from './http/parts.js';

/** The mint of a gateway. */
export function clientSecretMint(parts: GatewayParts): GatewayHttpParts['mint'] {
  return async (caller, body, safetyIdentifier) => {
    const read = MintInput.safeParse(body);
    if (!read.success) return err(unreadable(read.error.issues));
    const { session, expires_after, trunkline } = read.data;
    // What a company's token says of the end user goes before what the app says.
    const named = safetyIdentifier === null ? null : parts.hashEndUser(caller.tenantId, safetyIdentifier);
    const endUser = caller.endUser ?? named;
    const pool = poolFor(parts, caller, { session, endUser });
    if (!pool.ok) return pool;
    const { tenantId, keyId } = caller;
    const who = { sessionId: parts.mintSessionId(), tenantId, keyId, replicaId: parts.replicaId, endUser };
    const judged = await judgeBeginning(parts, { ...who, poolId: pool.value.id }, session);
    if (!judged.ok) return judged;
    const { settings, judgedBy } = judged.value;
    const value = mintClientSecret(randomBytes);
    const stored = await store(parts, {
      ...{ tenantId, keyId, endUser, hmac: parts.hashKey(value), session: settings, judgedBy },
      ...{ kind: session.type, model: modelOfSession(session), seconds: expires_after.seconds },
      ...{ pinned: trunkline.pinned, origins: trunkline.origins, usesMax: trunkline.max_uses },
    });
    if (!stored.ok) return stored;
    const { id, expiresAtMs } = stored.value;
    return ok({
      value,
      expires_at: Math.floor(expiresAtMs / 1_000),
      session: shownSession(settings, id),
      trunkline: { id, ...trunkline },
    });
  };
}

type Stored = Awaited<ReturnType<GatewayParts['secrets']['find']>>;

async function store(
  { secrets, log }: GatewayParts,
  request: Parameters<GatewayParts['secrets']['mint']>[0],
): Promise<Result<NonNullable<Stored>, Refusal>> {
  try {
    const minted = await secrets.mint(request);
    if (minted.ok) return minted;
    return err({
      code: 'mint_rate_exceeded',
      message: 'This key mints more client secrets a minute than it may. One secret may open several sessions.',
      retryAfterMs: minted.error.retryAfterMs,
    });
  } catch (error) {
    log.warn({ event: 'credentials_unavailable', err: error }, 'a client secret could not be minted');
    return err({
      code: 'credentials_unavailable',
      message: 'Client secrets cannot be minted right now. Try again in a few seconds.',
    });
  }
}

/** A pool that may carry its sessions, or why the key may not have such a secret: what its sessions would be refused for. */
function poolFor(
  parts: GatewayParts,
  caller: Principal,
  { session, endUser }: { readonly session: MintBody['session']; readonly endUser: string | null },
): Result<Pool, Refusal> {
  const policy = parts.policy();
  const refused = endUserRefusal(caller, endUser, { snapshot: policy, nowMs: parts.clock.nowMs() });
  if (refused) return err(refused);
  const isRealtime = session.type === 'realtime';
  const wanted = isRealtime ? ({ kind: 'conversation', model: session.model } as const) : TRANSCRIPTION;
  const usable = mayUseModel(caller, wanted.kind === 'conversation' ? wanted.model : 'transcription');
  const pools = route(wanted, usable ? [...policy.pools.values()] : [], (model) => isRealtimeModel(model));
  if (!pools.ok) return pools;
  const [pool] = pools.value;
  if (pool === undefined) throw new Error('a route has a pool');
  return ok(pool);
}

const TRANSCRIPTION = { kind: 'transcription' } as const;

function unreadable(issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[]): Refusal {
  const [first] = issues;
  const path = first?.path.join('.') ?? '';
  // Nothing but names of fields is repeated.
  const param = /^[A-Za-z0-9_.]{1,100}$/.test(path) ? path : null;
  const message = first?.message ?? 'The body could not be read.';
  return {
    code: 'invalid_request',
    message: param === null || message.includes('.') ? `${message}.` : `${param}: ${message}.`,
    ...(param === null ? {} : { param }),
  };
}
