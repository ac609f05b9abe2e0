// Step 2 for every kind of credential. Reading one may ask a store; judging it, which is done again whenever the policy
// changes while a call waits, asks nothing but the policy. A plain key is never looked up anywhere: its handshake costs what
// it did before there were other credentials.
import { err, ok, type Clock, type Refusal, type Result } from '@trunkline/kernel';
import type { Log } from '@trunkline/platform/logging';
import {
  authenticate,
  CLIENT_SECRET_PREFIX,
  isWellFormedClientSecret,
  judgeClientSecret,
  judgeToken,
  SECRET_REFUSED,
  TOKEN_REFUSED,
  type ClientSecret,
  type ClientSecretStore,
  type KeyHasher,
  type PolicySnapshot,
  type Principal,
  type TokenContext,
  type VerifiedToken,
} from '@trunkline/tenancy';
import { TokenVerifier } from '@trunkline/tenancy/adapters/jose';

/** A credential that was read and not judged yet. */
export type Presented =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'secret'; readonly secret: ClientSecret }
  | { readonly kind: 'token'; readonly token: VerifiedToken };

/** What reading and judging credentials needs. */
export interface CredentialParts {
  readonly secrets: ClientSecretStore;
  readonly tokens: TokenVerifier;
  readonly policy: () => PolicySnapshot;
  readonly hashEndUser: TokenContext['hashEndUser'];
  readonly hashKey: KeyHasher;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

const UNAVAILABLE: Refusal = {
  code: 'credentials_unavailable',
  message: 'Client secrets cannot be checked right now. Try again in a few seconds; API keys are not concerned.',
};

const NO_KEYS: Refusal = {
  code: 'credentials_unavailable',
  message: "The token cannot be checked right now: its issuer's keys are not known yet. Try again in a few seconds.",
};

/** Reads and judges credentials. */
export class Credentials {
  constructor(private readonly parts: CredentialParts) {}

  /** What was presented. Never rejects: a store that is away refuses, for who cannot be checked is not let in. */
  async read(text: string): Promise<Result<Presented, Refusal>> {
    if (TokenVerifier.looksLikeOne(text)) return this.readToken(text);
    if (!text.startsWith(CLIENT_SECRET_PREFIX)) return ok({ kind: 'key', key: text });
    if (!isWellFormedClientSecret(text)) return err(SECRET_REFUSED);
    const { secrets, hashKey } = this.parts;
    return this.asked(async () => {
      const secret = await secrets.find(hashKey(text));
      return secret === null ? err(SECRET_REFUSED) : ok({ kind: 'secret', secret });
    });
  }

  // Asks nobody: an issuer's keys are fetched behind the handshakes.
  private async readToken(text: string): Promise<Result<Presented, Refusal>> {
    const verified = await this.parts.tokens.verify(text, this.parts.policy().jwt);
    if (verified.ok) return ok({ kind: 'token', token: verified.value });
    return err(verified.error === 'refused' ? TOKEN_REFUSED : NO_KEYS);
  }

  /** Who acts with it by this policy, or a refusal for the client. @param origin the header; null: no browser. */
  judge(presented: Presented, origin: string | null, snapshot: PolicySnapshot): Result<Principal, Refusal> {
    const { clock, hashKey, hashEndUser } = this.parts;
    const nowMs = clock.nowMs();
    switch (presented.kind) {
      case 'key':
        return authenticate({ key: presented.key, origin }, { snapshot, nowMs, hashKey });
      case 'secret':
        return judgeClientSecret(presented.secret, { snapshot, nowMs, origin });
      case 'token':
        return judgeToken(presented.token, { snapshot, nowMs, origin, hashEndUser });
    }
  }

  /**
   * Runs `open` with one use of the credential counted, and gives the use back when that came to nothing. A secret with one
   * use left opens one session, however many try at once and at whatever gateway.
   */
  async using<T>(presented: Presented, open: () => Promise<Result<T, Refusal>>): Promise<Result<T, Refusal>> {
    if (presented.kind !== 'secret') return open();
    const { secrets, log } = this.parts;
    const { id } = presented.secret;
    const used = await this.asked(async () => ((await secrets.use(id)) ? ok(null) : err(SECRET_REFUSED)));
    if (!used.ok) return used;
    let isOpen = false;
    try {
      const opened = await open();
      isOpen = opened.ok;
      return opened;
    } finally {
      // What cannot be given back stays used: the safe side.
      if (!isOpen)
        await secrets
          .giveBack(id)
          .catch((error: unknown) => log.warn({ event: 'secret_use_lost', err: error }, 'a use was not given back'));
    }
  }

  private async asked<T>(question: () => Promise<Result<T, Refusal>>): Promise<Result<T, Refusal>> {
    try {
      return await question();
    } catch (error) {
      this.parts.log.warn({ event: 'credentials_unavailable', err: error }, 'a client secret could not be checked');
      return err(UNAVAILABLE);
    }
  }
}
