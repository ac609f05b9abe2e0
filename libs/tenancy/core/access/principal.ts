// Who asks something of the control plane. A principal cannot be made without an id, a name and where it comes from, and
// nothing stands in for one that is missing: a check that fails leaves nobody, not somebody with less.
import type { AdminSessionId, ApiTokenId, MemberId, TenantId } from '@trunkline/kernel';
import type { Role } from './roles.js';

/** A role, for the whole company (`tenantId` null) or for one tenant. */
export interface Grant {
  readonly role: Role;
  readonly tenantId: TenantId | null;
}

/** What lets somebody in. */
export type AccessSource =
  | { readonly kind: 'session'; readonly sessionId: AdminSessionId; readonly stepUpUntilMs: number }
  | { readonly kind: 'token'; readonly tokenId: ApiTokenId }
  | { readonly kind: 'operator' };

/** Who asks, and with which rights. */
export interface AccessPrincipal {
  readonly kind: 'member' | 'token' | 'operator';
  /** Of the member, of the token, or `operator`. */
  readonly id: string;
  readonly name: string;
  /** The member behind it; null: the operator's programs, or a token that no member made. */
  readonly memberId: MemberId | null;
  /**
   * Who stands behind it, for two-person rules: a member's id, or the name at the terminal where the first token of its line
   * was made. Null: the operator's programs, which say who acts.
   */
  readonly person: string | null;
  readonly source: AccessSource;
  readonly grants: readonly Grant[];
}

/** Makes one. @throws Error for one without an id or a name: that is nobody. */
export function accessPrincipal(parts: AccessPrincipal): AccessPrincipal {
  if (parts.id.trim() === '' || parts.name.trim() === '') throw new Error('a principal has an id and a name');
  if (parts.kind === 'member' && parts.memberId === null) throw new Error('a member has an id');
  if (parts.kind !== 'operator' && (parts.person ?? '').trim() === '') throw new Error('somebody stands behind it');
  return Object.freeze({ ...parts, grants: Object.freeze([...parts.grants]) });
}

/** The operator's programs: they hold the token of the installation's own folder, and may do what its owner may. */
export function operatorPrincipal(): AccessPrincipal {
  const grants = [{ role: 'owner', tenantId: null }] as const;
  const source = { kind: 'operator' } as const;
  const nobody = { memberId: null, person: null };
  return accessPrincipal({ kind: 'operator', id: 'operator', name: 'operator token', ...nobody, source, grants });
}
