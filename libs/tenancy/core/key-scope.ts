// What a key may be used for. Guarantees that a key made to read usage opens no session and the other way round, unless
// both were asked for: a spreadsheet that leaks must not let anybody talk.
import type { Refusal } from '@trunkline/kernel';

/** Every scope. `sessions`: what voice apps need; `usage:read`: usage and costs of the key's tenant. */
export const KEY_SCOPES = ['sessions', 'usage:read'] as const;

/** What a key may be used for. */
export type KeyScope = (typeof KEY_SCOPES)[number];

/** What is said to a key that is good and may not do this. */
export const SCOPE_REFUSALS: Readonly<Record<KeyScope, Refusal>> = {
  sessions: {
    code: 'missing_scope',
    message: 'This API key may not open sessions. Use a key with the scope sessions; ask your Trunkline administrator.',
  },
  'usage:read': {
    code: 'missing_scope',
    message:
      'You have insufficient permissions for this operation. Use a key with the scope usage:read; ask your Trunkline administrator.',
  },
};

/** Whether a text names a scope of this release. */
export function isKeyScope(text: string): text is KeyScope {
  return KEY_SCOPES.some((known) => known === text);
}
