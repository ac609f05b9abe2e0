import type { Settings } from '@trunkline/platform/config';
import { parseGroupRoles } from '@trunkline/tenancy';
import type { SignInSettings } from './oidc.js';

type OidcSettings = Pick<
  Settings,
  'adminUrl' | 'oidcIssuer' | 'oidcClientId' | 'oidcClientSecret' | 'oidcScopes' | 'oidcGroupsClaim' | 'oidcGroupRoles'
>;

/** Sign-in by the company's issuer, as the settings say; null: none is set. @throws Error that says what to set */
export function signInOf(config: OidcSettings): SignInSettings | null {
  const { oidcIssuer: issuer, oidcClientId: clientId } = config;
  if (issuer === null) return null;
  if (clientId === null) throw new Error('--oidc-issuer needs --oidc-client-id: what the issuer knows Trunkline by');
  const roles = parseGroupRoles(config.oidcGroupRoles);
  if (!roles.ok) throw new Error(`--oidc-group-roles: ${roles.error}`);
  return {
    ...{ issuer, clientId, clientSecret: config.oidcClientSecret, scopes: config.oidcScopes },
    ...{ groupsClaim: config.oidcGroupsClaim, groupRoles: roles.value, publicUrl: config.adminUrl },
  };
}
