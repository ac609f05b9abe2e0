// What the admin API answers, as far as the screens read it. Amounts and quantities are decimal strings, times ISO 8601 in UTC.

/** `GET /me` */
export interface Me {
  readonly kind: 'member' | 'token' | 'operator';
  readonly id: string;
  readonly name: string;
  readonly roles: readonly { readonly role: string; readonly tenant: TenantName | null }[];
  /** What may be done for the whole company. */
  readonly permissions: readonly string[];
  /** What may be done in single tenants only, by slug. */
  readonly tenants: readonly (TenantName & { readonly permissions: readonly string[] })[];
  /** Until when changes that need a fresh sign-in are taken; null: not a browser session. */
  readonly stepUpUntil: string | null;
  /** What calls go to. */
  readonly upstream: 'simulator' | 'vendor' | 'unknown';
  /** Base address for apps, such as `http://127.0.0.1:8080/v1`; null: not known here. */
  readonly gatewayUrl: string | null;
}

/** A tenant by its names. */
export interface TenantName {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

/** `GET /overview` */
export interface OverviewAnswer {
  readonly asOf: string;
  readonly openSessions: number;
  readonly chargedToday: string;
  readonly currency: string;
  readonly ledger: { readonly pending: number; readonly oldestPendingMs: number; readonly stuck: number };
  /** Null: not known here; `poolsProblem` says why. */
  readonly pools: readonly PoolTotals[] | null;
  readonly poolsProblem: string | null;
  readonly usage: readonly MeterSum[];
  readonly costs: readonly TenantCost[];
}

/** How full a pool is. */
export interface PoolTotals {
  readonly pool: string;
  readonly status: string;
  /** Null: no cap. */
  readonly cap: number | null;
  readonly used: number;
  readonly waiting: number;
}

/** How much of a meter was used. */
export interface MeterSum {
  readonly meter: string;
  readonly unit: string;
  readonly quantity: string;
  readonly estimated: string;
  readonly unbooked: string;
}

/** What a tenant was charged. */
export interface TenantCost {
  readonly tenant: TenantName | null;
  readonly tenantCharge: string;
  readonly estimatedCharge: string;
  readonly providerCost: string;
  readonly events: number;
}

/** An open session on the live board. */
export interface BoardSession {
  readonly id: string;
  readonly tenant: string;
  readonly tenantName: string;
  readonly keyId: string | null;
  readonly key: string | null;
  readonly model: string | null;
  readonly transport: string | null;
  readonly pool: string | null;
  readonly replica: string | null;
  readonly openedAt: string;
  readonly state: 'open' | 'answering' | 'ending' | 'lost';
  readonly cost: string;
  readonly perMinute: string;
  readonly lastEventAt: string | null;
  readonly lastEvent: string | null;
  readonly moderation: string | null;
}

/** What the feed of the live board says. */
export type BoardMessage =
  | {
      readonly type: 'snapshot';
      readonly at: string;
      readonly total: number;
      readonly sessions: readonly BoardSession[];
    }
  | {
      readonly type: 'delta';
      readonly at: string;
      readonly total: number;
      readonly changed: readonly (Partial<BoardSession> & { readonly id: string })[];
      readonly gone: readonly string[];
    };

/** A month of a tenant. */
export interface PeriodRow {
  readonly tenantId: string;
  readonly period: string;
  readonly status: string;
  readonly closeRequestedBy: string | null;
  readonly closedBy: string | null;
  readonly closedAt: string | null;
  readonly chainHead: string | null;
  readonly totals: { readonly booked: Readonly<Record<string, string>> } | null;
}
