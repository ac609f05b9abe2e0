// What a session's gate is given and says: its policy, what it found, and what it needs of the world.
import type {
  ContentKind,
  HookBinding,
  HookContext,
  HookWord,
  ModerationPolicy,
  StartTimer,
} from '@trunkline/moderation';
import type { ContentReader, GateWords, SessionVeil } from '@trunkline/providers';
import type { Unjudged } from './held-answers.js';
import type { SessionConductPorts } from './session-conduct.js';

/** What becomes of an event: let through as it came, kept, or another in its place. */
export type GateVerdict = 'forward' | 'drop' | { readonly replace: Buffer };

/** A tenant's policy, ready for use. */
export interface GatePolicy {
  /** Of the tenant's policies. */
  readonly version: number;
  readonly policy: ModerationPolicy;
  /** Its hooks, made. */
  readonly bindings: readonly HookBinding[];
  /** Nothing goes on that an app sends, audio included, nor what a model says; absent: hooks decide. */
  readonly isShut?: true;
}

/** What a hook's word was about. */
export interface GateFinding {
  readonly word: HookWord;
  readonly kind: ContentKind;
  readonly itemId: string | null;
  readonly responseId: string | null;
  /** What was said around it, only where the policy keeps content: to be sealed before it goes anywhere. */
  readonly excerpt: string | null;
}

/** Words of a caller's that held answers waited for in vain. */
export interface UnjudgedWords {
  /** Null where an app gave its item no id. */
  readonly itemId: string | null;
  readonly why: Unjudged;
  readonly isBlocked: boolean;
}

/**
 * What was not let through: what an app sends, a question that it asks, what was said, what has no verdict in time, or
 * audio that can have none (`unheard`).
 */
export type BlockedThing = 'client' | 'question' | 'upstream' | 'unjudged' | 'unheard';

/** What a gate does to its session, and needs of the world. */
export interface GatePorts {
  readonly reader: ContentReader;
  readonly words: GateWords;
  readonly veil: SessionVeil;
  readonly context: HookContext;
  readonly startTimer: StartTimer;
  readonly nowMs: () => number;
  readonly toUpstream: (text: string) => void;
  readonly toClient: (payload: Buffer) => void;
  /**
   * Tells the app that something was not let through.
   * @param about the vendor's id of it, or the id that the app gave its event, where there is one.
   */
  readonly tellBlocked: (what: BlockedThing, about: string | null) => void;
  /** A caller's words have no verdict in time. @param by the policy whose rule decided. */
  readonly unjudged: (words: UnjudgedWords, by: GatePolicy) => void;
  /** See `SessionConductPorts`. */
  readonly answerHeld: SessionConductPorts['answerHeld'];
  readonly mayAsk: SessionConductPorts['mayAsk'];
  readonly unenforceable: SessionConductPorts['unenforceable'];
  /** So many messages were held back when the session ended, and are not heard: what they say had no verdict. */
  readonly droppedAtEnd: (messages: number) => void;
  /** A hook was asked and found nothing that counts. */
  readonly passed: (binding: HookBinding) => void;
  /** Ends the session: the policy demands it. */
  readonly end: () => void;
  /** Hooks found something or failed. @param by the policy that they are of. */
  readonly found: (findings: readonly GateFinding[], by: GatePolicy) => void;
}
