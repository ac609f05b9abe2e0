// Everything the overview shows: the database's part read in one snapshot, the lines beside it.
import { addAmounts, type AmountPico, type TenantId } from '@trunkline/kernel';
import {
  costsOfAllTenants,
  ledgerLag,
  usageOfAllTenants,
  type CostRow,
  type LedgerLag,
} from '@trunkline/ledger/adapters/prisma';
import type { TenantRecord } from '@trunkline/tenancy';
import { listTenants } from '@trunkline/tenancy/adapters/prisma';
import type { ApiRouteParts, UpstreamKind } from '../api-parts.js';
import { openSessionsWithin, type OpenSessions } from '../reads/open-sessions.js';
import { orTooLong, readWithin } from '../reads/read-within.js';
import { utcDay } from '../reads/utc-day.js';
import { sumByMeter, type MeterSum } from './meter-sums.js';
import { loadPools, type PoolsShown } from './pools-shown.js';

/** The overview's figures. */
export interface Overview {
  readonly asOfMs: number;
  readonly upstream: UpstreamKind;
  readonly tenants: ReadonlyMap<TenantId, TenantRecord>;
  readonly pools: PoolsShown;
  readonly sessions: OpenSessions;
  /** Of the UTC day that `asOfMs` is in. */
  readonly usage: readonly MeterSum[];
  /** Of the same day, by tenant. */
  readonly costs: readonly CostRow[];
  readonly chargedToday: AmountPico;
  readonly lag: LedgerLag;
}

// More rows help nobody on a page that is looked over; the total is shown beside them.
const SESSIONS_SHOWN_MAX = 200;

/** Reads it. @throws ReadTookTooLong, and whatever the database throws. */
export async function loadOverview({ db, tenancy, upstream, pools }: ApiRouteParts): Promise<Overview> {
  const asOfMs = tenancy.clock.nowMs();
  const today = utcDay(asOfMs);
  const tenants = await orTooLong(listTenants(tenancy));
  const figures = await readWithin(db, async (tx) => ({
    sessions: await openSessionsWithin(tx, null, SESSIONS_SHOWN_MAX),
    usage: sumByMeter(await usageOfAllTenants(tx, today)),
    costs: await costsOfAllTenants(tx, { ...today, by: ['tenant'] }),
    lag: await ledgerLag(tx),
  }));
  return {
    asOfMs,
    upstream,
    pools: await loadPools(pools),
    tenants: new Map(tenants.map((tenant) => [tenant.id, tenant])),
    ...figures,
    chargedToday: addAmounts(...figures.costs.map((row) => row.tenantCharge)),
  };
}
