// Who is signed in and what they may do. The API decides; this only keeps what cannot work out of sight.
import { createContext, useContext } from 'react';
import type { Me } from './types.js';

/** Who is signed in. */
export const MeContext = createContext<Me | null>(null);

/** Who is signed in. @throws Error outside of the shell */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error('nobody is signed in here');
  return me;
}

/** For whom a screen or a button is: `company` takes a role for the whole company, `any` one in a tenant too. */
export function mayDo(me: Me, permission: string, reach: 'company' | 'any' = 'company'): boolean {
  if (me.permissions.includes(permission)) return true;
  return reach === 'any' && me.tenants.some((tenant) => tenant.permissions.includes(permission));
}

/** Whether somebody's roles are for single tenants only. */
export function isTenantOnly(me: Me): boolean {
  return me.permissions.length === 0;
}
