// What the gateway's HTTP routes need, handed in by the composition root. A token rather than classes by type, so that
// the data plane's pieces stay plain objects that tests make without a container.
import type { ClientSecretId, Refusal, Result } from '@trunkline/kernel';
import type { ClientSecretStore, Principal } from '@trunkline/tenancy';
import type { Request, Response } from 'express';
import type { SessionBills } from '../session-bill.js';

/** The answer: OpenAI's, and what is ours beside it. */
export interface MintedSecret {
  /** Shown now or never. */
  readonly value: string;
  /** Unix seconds. */
  readonly expires_at: number;
  readonly session: Readonly<Record<string, unknown>>;
  readonly trunkline: {
    /** To revoke it by, and what the rows of its sessions name. */
    readonly id: ClientSecretId;
    readonly max_uses: number | null;
    readonly origins: readonly string[] | null;
    readonly pinned: readonly string[];
  };
}

/** Parts of the gateway that its HTTP routes use. */
export interface GatewayHttpParts {
  /** Judges a bearer credential against the policy in force. */
  readonly authenticate: (key: string, origin: string | null) => Promise<Result<Principal, Refusal>>;
  /** Mints a client secret by a body that was read. @param safetyIdentifier the app's name for its end user. */
  readonly mint: (
    caller: Principal,
    body: unknown,
    safetyIdentifier: string | null,
  ) => Promise<Result<MintedSecret, Refusal>>;
  readonly revokeSecret: ClientSecretStore['revoke'];
  /** The models this principal may open sessions with. */
  readonly modelsFor: (principal: Principal) => readonly string[];
  readonly bills: SessionBills;
  /** Answers questions about usage and costs by asking the control plane. @throws RefusedRequest */
  readonly reports: { forward(request: Request, response: Response): Promise<void> };
}

/** Injection token of `GatewayHttpParts`. */
export const GATEWAY_HTTP = Symbol('GatewayHttpParts');

/** A refusal on its way to `OpenAiErrorFilter`. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  constructor(readonly refusal: Refusal) {
    super(refusal.code);
  }
}
