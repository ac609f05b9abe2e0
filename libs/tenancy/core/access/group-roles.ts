// Which groups of a company's sign-in are which roles here: `trunkline-admins=admin,acme-leads=tenant_admin@acme`. What is not
// named gives nothing: who signs in without a group of the list is known, and may do nothing.
import { err, ok, type Result } from '@trunkline/kernel';
import { grantProblem, parseRole, type Role } from './roles.js';

/** What members of a group are. */
export interface GroupRole {
  readonly group: string;
  readonly role: Role;
  /** Slug of the tenant; null: the whole company. */
  readonly tenant: string | null;
}

const ENTRY = /^(.+)=([a-z_]+)(?:@([a-z0-9][a-z0-9-]{0,62}))?$/;

/** Reads the list. An empty text is an empty list. @returns what is wrong, naming the entry */
export function parseGroupRoles(text: string): Result<readonly GroupRole[], string> {
  const roles: GroupRole[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, group = '', named = '', tenant = null] = ENTRY.exec(entry) ?? [];
    const role = parseRole(named);
    if (group === '' || role === null) return err(`"${entry}" must be <group>=<role> or <group>=<role>@<tenant slug>`);
    const problem = grantProblem(role, tenant);
    if (problem !== null) return err(`"${entry}": ${problem}`);
    roles.push({ group: group.trim(), role, tenant });
  }
  return ok(roles);
}

/** What somebody with these groups is. @param groups the claim as it came; what is no list of texts is no group */
export function rolesOfGroups(mapping: readonly GroupRole[], groups: unknown): readonly GroupRole[] {
  const named = new Set(Array.isArray(groups) ? groups.filter((each) => typeof each === 'string') : [groups]);
  return mapping.filter(({ group }) => named.has(group));
}
