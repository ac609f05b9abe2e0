// All screens: where they are, who sees them, and their code, each a file of its own that is loaded when it is first opened.
import { lazy, type ComponentType } from 'react';
import type { Me } from './api/types.js';
import { mayDo } from './api/use-me.js';
import type { MessageKey } from './i18n/language.js';

/** A screen. */
export interface Screen {
  /** Below /admin. */
  readonly path: string;
  /** Where it takes more than its path. */
  readonly pattern?: string;
  readonly title: MessageKey;
  /** What one must be allowed; null: everybody who is signed in. */
  readonly permission: string | null;
  /** `any`: a role in one tenant is enough. */
  readonly reach: 'company' | 'any';
  readonly Component: ComponentType;
}

/** In the order of the navigation. The first that somebody sees is where they arrive. */
export const SCREENS: readonly Screen[] = [
  {
    path: '/overview',
    title: 'nav.overview',
    permission: 'overview:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/overview.js')).Overview })),
  },
  {
    path: '/live',
    title: 'nav.live',
    permission: 'sessions:read',
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/live/live.js')).Live })),
  },
  {
    path: '/developer',
    title: 'nav.developer',
    permission: null,
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/developer/developer.js')).Developer })),
  },
  {
    path: '/playground',
    title: 'nav.playground',
    permission: 'secrets:write',
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/playground/playground.js')).Playground })),
  },
  {
    path: '/usage',
    title: 'nav.usage',
    permission: 'usage:read',
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/usage.js')).Usage })),
  },
  {
    path: '/tenants',
    title: 'nav.tenants',
    permission: 'tenants:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/tenants.js')).Tenants })),
  },
  {
    path: '/keys',
    title: 'nav.keys',
    permission: 'keys:read',
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/keys.js')).Keys })),
  },
  {
    path: '/pools',
    title: 'nav.pools',
    permission: 'pools:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/pools.js')).Pools })),
  },
  {
    path: '/periods',
    title: 'nav.periods',
    permission: 'periods:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/periods.js')).Periods })),
  },
  {
    path: '/exports',
    title: 'nav.exports',
    permission: 'exports:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/exports.js')).Exports })),
  },
  {
    path: '/prices',
    title: 'nav.prices',
    permission: 'prices:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/prices.js')).Prices })),
  },
  {
    path: '/reconcile',
    title: 'nav.reconciliation',
    permission: 'reconciliation:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/reconciliation.js')).Reconciliation })),
  },
  {
    path: '/reviews',
    title: 'nav.reviews',
    permission: 'reviews:read',
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/reviews.js')).Reviews })),
  },
  {
    path: '/alerts',
    title: 'nav.alerts',
    permission: 'alerts:read',
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/alerts/alerts.js')).Alerts })),
  },
  {
    path: '/audit',
    title: 'nav.audit',
    permission: 'audit:read',
    reach: 'company',
    Component: lazy(async () => ({ default: (await import('./screens/audit.js')).Audit })),
  },
  {
    path: '/access',
    title: 'nav.access',
    permission: 'tokens:read',
    reach: 'any',
    Component: lazy(async () => ({ default: (await import('./screens/access.js')).Access })),
  },
];

/** Whether somebody sees a screen. */
export function isSeen(me: Me, { permission, reach }: Pick<Screen, 'permission' | 'reach'>): boolean {
  return permission === null || mayDo(me, permission, reach);
}
