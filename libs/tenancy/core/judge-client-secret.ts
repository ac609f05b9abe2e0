// Who acts with a client secret. Guarantees that unknown, expired, used-up and revoked secrets get one answer, that what the
// parent key may not do its secrets may not, and that they are worth nothing from the moment the key is.
import { err, ok, type Refusal, type Result } from '@trunkline/kernel';
import { refusalFor, rejectionOf } from './authenticate.js';
import type { ClientSecret, ClientSecretTerms } from './client-secret.js';
import type { PolicySnapshot } from './policy-snapshot.js';
import { Principal } from './principal.js';

/** What a secret is judged by. */
export interface SecretContext {
  readonly snapshot: PolicySnapshot;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly origin: string | null;
}

/** Who acts with a client secret that may still be used; else a refusal for the client. */
export function judgeClientSecret(secret: ClientSecret | null, context: SecretContext): Result<Principal, Refusal> {
  const { snapshot, nowMs, origin } = context;
  if (secret === null || !isUsable(secret, context)) return err(SECRET_REFUSED);
  const key = snapshot.keys.get(secret.keyId);
  const tenant = snapshot.tenants.get(secret.tenantId);
  if (!key || !tenant || key.tenantId !== tenant.id) return err(SECRET_REFUSED);
  const rejection = rejectionOf({ key, tenant }, origin, nowMs);
  if (rejection)
    return err(rejection === 'revoked' || rejection === 'expired' ? SECRET_REFUSED : refusalFor(rejection));
  // Only a browser sends an origin, and a secret that is tied to one is of use nowhere else.
  if (secret.origins !== null && (origin === null || !secret.origins.includes(origin)))
    return err(refusalFor('origin_not_allowed'));
  return ok(new Principal({ key, tenant }, { secret, endUser: secret.endUser }));
}

/** What is said of every client secret that is none, or none any more. */
export const SECRET_REFUSED: Refusal = {
  code: 'invalid_api_key',
  message:
    'Incorrect client secret provided: it is unknown, expired, used up or revoked. Mint another with POST /v1/realtime/client_secrets.',
};

/** A call that names another model, or another kind of session, than its secret is for. */
export function secretMismatch({ kind, model }: ClientSecretTerms, asked: AskedSession): Refusal | null {
  const isForTranscription = kind === 'transcription';
  const isSame = isForTranscription
    ? asked.model === null || asked.model === model
    : asked.intent === null && (asked.model === null || asked.model === model);
  if (isSame) return null;
  return {
    code: 'model_mismatch',
    message: isForTranscription
      ? 'This client secret is for transcription: connect with ?intent=transcription and without a model.'
      : `This client secret is for the model ${model ?? ''} only. Connect with that, or mint another.`,
    param: 'model',
  };
}

/** What a handshake asks for. */
export interface AskedSession {
  readonly model: string | null;
  readonly intent: string | null;
}

function isUsable(secret: ClientSecret, { snapshot, nowMs }: SecretContext): boolean {
  if (secret.revokedAtMs !== null || snapshot.isSecretRevoked(secret.id)) return false;
  return nowMs < secret.expiresAtMs;
}
