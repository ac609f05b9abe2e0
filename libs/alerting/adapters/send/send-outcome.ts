/** What became of a message. `final`: trying again is of no use. Why is said without a word of what was answered. */
export type SendOutcome =
  { readonly kind: 'sent' } | { readonly kind: 'failed'; readonly problem: string; readonly final: boolean };
