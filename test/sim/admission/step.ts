// One request to the store, as data that can be run again on another board.
import type { Caller, Seeker, Switchboard, TokenUse } from '@trunkline/admission';
import type { PoolId } from '@trunkline/kernel';

/** One request, as the store runs it. */
export interface Step<T = unknown> {
  readonly kind:
    | 'open'
    | 'acquire'
    | 'attend'
    | 'leave'
    | 'confirm'
    | 'renew'
    | 'reregister'
    | 'ending'
    | 'release'
    | 'pause'
    | 'reclaim'
    | 'used';
  /** Whom it concerns. */
  readonly callers: readonly (Caller & Partial<Pick<Seeker, 'otherPools'>>)[];
  /** `family`: null for the whole pool. */
  readonly pause?: { readonly poolId: PoolId; readonly forMs: number; readonly family: string | null };
  readonly use?: TokenUse;
  /** How long a line that is given back shall be kept for a reconnect. */
  readonly keepMs?: number;
  /** Said by the first process of an installation: there is nobody to wait for. */
  readonly nobodyIsOpen?: boolean;
  readonly apply: (board: Switchboard, nowMs: number) => T;
}
