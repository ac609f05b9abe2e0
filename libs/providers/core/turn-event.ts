// What happens in the turns of a conversation, as a dialect reads it out of the upstream's events: all that is needed to
// begin answers in the vendor's place.

/** One event. */
export type TurnEvent =
  /** The caller begins to speak. */
  | { readonly kind: 'speech_started' }
  /** Turn detection says that a turn is over, and which item it becomes. `silence`: nobody spoke for long. */
  | { readonly kind: 'turn_ended'; readonly itemId: string; readonly by: 'speech' | 'silence' }
  /** The caller's audio became an item of the conversation. */
  | { readonly kind: 'committed'; readonly itemId: string }
  /** No more of an item's transcript will come; `hasFailed`: and what came is not all of it. */
  | { readonly kind: 'transcript_ended'; readonly itemId: string; readonly hasFailed: boolean }
  /** An answer. Beside the conversation any number can run, in it one; `mark`: ours, of what we asked for. */
  | {
      readonly kind: 'response_began' | 'response_ended';
      readonly id: string;
      readonly isInConversation: boolean;
      readonly isComplete: boolean;
      readonly mark: string | null;
    }
  /** An event was refused, of ours or of the app's. `isBusy`: because an answer is running. */
  | {
      readonly kind: 'refused';
      readonly eventId: string | null;
      readonly isOurs: boolean;
      readonly isBusy: boolean;
    };
