// What a client secret's sessions begin with, as one call sees it: judged when the secret was minted, and again here where
// another version of the tenant's policy is in force by now, also while the call waits for a line.
import { type PoolId, type Refusal, type SessionId } from '@trunkline/kernel';
import { SECRET_REFUSED, type ClientSecret } from '@trunkline/tenancy';
import type { GatewayParts } from '../gateway-parts.js';
import { judgeBeginning } from './judge-beginning.js';

/** The beginning of one call. */
export class SecretBeginning {
  private judgedBy: number | null;

  constructor(
    private readonly parts: GatewayParts,
    private readonly secret: Pick<ClientSecret, 'tenantId' | 'keyId' | 'session' | 'judgedBy' | 'uses' | 'usesMax'>,
  ) {
    this.judgedBy = secret.judgedBy;
  }

  /** By the policy in force. */
  get isJudged(): boolean {
    const gate = this.parts.gates.of(this.secret.tenantId);
    return gate === null || gate.version === this.judgedBy;
  }

  /** Judges it until it is. @returns why no session may begin so; null: it may. */
  async judge(who: {
    readonly sessionId: SessionId;
    readonly endUser: string | null;
    readonly poolId: PoolId;
  }): Promise<Refusal | null> {
    const { tenantId, keyId, session, uses, usesMax } = this.secret;
    // Who has no use left gets nothing judged: hooks cost.
    if (!this.isJudged && usesMax !== null && uses >= usesMax) return SECRET_REFUSED;
    while (!this.isJudged) {
      const of = { ...who, tenantId, keyId, replicaId: this.parts.replicaId };
      const judged = await judgeBeginning(this.parts, of, session);
      if (!judged.ok) return judged.error;
      if (judged.value.isChanged) return MINT_ANOTHER;
      this.judgedBy = judged.value.judgedBy;
    }
    return null;
  }
}

/** Also where it was not judged yet by the policy that has come into force meanwhile. */
export const MINT_ANOTHER: Refusal = {
  code: 'content_blocked',
  message:
    "Your tenant's moderation policy has changed since the client secret was minted, and does not allow what its session says to the model. Mint another.",
  param: 'session',
};
