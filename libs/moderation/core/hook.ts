// The gate contract. A hook is one file: what it is called, which content it wants to see, how far back it needs to see
// a stream again, and `inspect`. Deadline, failure policy, order and what its findings lead to are the tenant's to say
// (policy.ts); a hook never acts, and never knows of sessions or sockets.
import type { Content, ContentKind } from './content.js';
import type { Verdict } from './verdict.js';

/** What a hook may know of where content comes from. No key, no name, nothing of the network. */
export interface HookContext {
  /** The tenant's id: for hooks that ask a service of the tenant's. */
  readonly tenantId: string;
  readonly sessionId: string;
}

/** Why a hook could not say. The message is for operators and holds nothing of what was judged, asked or answered. */
export class HookFailed extends Error {
  override readonly name: string = 'HookFailed';
}

/** Judges content. Made once per binding of a policy, so it may hold what it compiled; it holds nothing of a session. */
export interface ModerationHook {
  /** Kinds it can judge; others never reach it. */
  readonly kinds: readonly ContentKind[];
  /**
   * How many UTF-16 code units of a stream it must see again with each new piece, so that what spans pieces is found
   * (one less than the longest thing that it looks for). `all`: from the stream's beginning.
   */
  readonly lookBack: number | 'all';
  /**
   * How often it wants to be asked about a stream: with every piece, at the end of each sentence (for hooks that cost a
   * round trip), or once when the stream is complete.
   */
  readonly cadence: 'piece' | 'sentence' | 'complete';
  /**
   * Judges a piece. May answer at once. A rejection or a verdict after the deadline counts as failure, and then the
   * policy says whether content goes on; only a `HookFailed` says why to operators. The signal fires when nobody waits for the answer any more;
   * the question counts among those that are open until the promise settles, so it must.
   */
  inspect(content: Content, context: HookContext, signal: AbortSignal): Verdict | Promise<Verdict>;
}
