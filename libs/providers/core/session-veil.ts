// What a policy sets in a session beside what its app sets, unseen by the app: the port. One veil follows one session's
// settings in both directions, so that each side sees its own. What is demanded and why is the gate's business; how
// settings are written, merged and acknowledged is the dialect's.

/** What a session's settings must be, whatever the app sets. */
export interface SettingsDemand {
  /** Turn detection must begin no answers: the gateway does. */
  readonly answersHeld: boolean;
  /** What the caller says must be transcribed; null: as the app likes. A model or language of null is the vendor's choice. */
  readonly transcription: { readonly model: string | null; readonly language: string | null } | null;
  /** What stands before all instructions; null: nothing. */
  readonly preamble: string | null;
}

/** What becomes of an event of the upstream. */
export interface Unveiled {
  /** What the app gets; null: nothing. */
  readonly payload: Buffer | null;
  /** To say to the upstream; null: nothing. */
  readonly say: string | null;
  /** The upstream does not take what is demanded: the session must not go on as if it had. */
  readonly isRefused: boolean;
}

/** Keeps the app's settings and the policy's apart. Bounded memory; what it cannot read goes by unchanged. */
export interface SessionVeil {
  /**
   * The session was under way before this veil: nothing is known of it. @returns what to say upstream, in order, so that it
   * is described. Until it is, what the upstream describes is the app's alone and nothing that is demanded is in force.
   */
  join(): readonly string[];
  /** It was joined and is not described yet. */
  readonly isJoining: boolean;
  /** What is demanded from now on. @returns what to say to the upstream; null: nothing (yet). */
  demand(demand: SettingsDemand): string | null;
  /** Whether an event of the app must go through `fromClient`. */
  touches(type: string): boolean;
  /** What goes upstream in place of an event of the app; null: the event as it is. */
  fromClient(payload: Buffer): Buffer | null;
  /** Settings as the upstream describes them, and errors. */
  fromUpstream(payload: Buffer): Unveiled;
  /** False once it is known that nobody answers in this session, and while it is joined. */
  readonly isConversation: boolean;
  /** The app left answering to turn detection, and turn detection was told not to. */
  readonly answersAreOurs: boolean;
  /** What is said while an answer runs interrupts it. */
  readonly interrupts: boolean;
  /** Bytes of the model's audio in a millisecond of it, decoded. */
  readonly spokenBytesPerMs: number;
  /** What the caller says is transcribed; `unseen`: because the policy wants it, and the app does not. */
  readonly transcription: 'none' | 'seen' | 'unseen';
}
