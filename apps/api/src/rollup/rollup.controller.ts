// `/admin/api/v1/usage/rollup`: sums of the ledger for charts, of all tenants or of those that are named.
import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { formatAmount } from '@trunkline/kernel';
import { formatQuantity } from '@trunkline/metering';
import type { RollupQuery } from '@trunkline/reporting';
import { rollupOfAllTenants, type RollupRow } from '@trunkline/reporting/adapters/prisma';
import type { Request } from 'express';
import { accessOf } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';
import { idsBySlug } from '../reads/ids-by-slug.js';
import { readWithin } from '../reads/read-within.js';
import { rollupQuery } from './rollup-query.js';

// What the ledger books in.
const CURRENCY = 'USD';
// Some megabytes; a chart needs a tenth of it, and what is not for a chart is an export.
const ROWS_MAX = 10_000;

@Controller('admin/api/v1/usage/rollup')
@OpenToPrograms(true)
export class RollupController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Quantities, charges, costs and events by time and dimensions. */
  @Allow('usage:read', 'tenant')
  @Get()
  async rollup(@Query() asked: unknown, @Req() request: Request) {
    const query = await this.withIds(checkQuery(rollupQuery(this.parts.tenancy.clock.nowMs()), asked));
    const { rows, cut } = await readWithin(this.parts.db, (tx) => rollupOfAllTenants(tx, query, ROWS_MAX));
    if (cut) throw tooMany();
    const { fromMs, toMs, bucket, by } = query;
    // What the vendor takes is between it and the company.
    const showsCost = accessOf(request).scope.isWhole;
    const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
    return { ...range, bucket, by, currency: CURRENCY, rows: rows.map((row) => viewOf(row, showsCost)) };
  }

  // A name that is neither slug nor id has no usage.
  private async withIds(query: RollupQuery): Promise<RollupQuery> {
    const { tenant, pool } = query.where;
    if (tenant === undefined && pool === undefined) return query;
    const { tenants, pools } = await idsBySlug(this.parts.tenancy);
    const where = {
      ...query.where,
      ...(tenant === undefined ? {} : { tenant: tenant.map((name) => tenants.get(name) ?? name) }),
      ...(pool === undefined ? {} : { pool: pool.map((name) => pools.get(name) ?? name) }),
    };
    return { ...query, where };
  }
}

function tooMany(): RefusedRequest {
  const detail = `The answer has more than ${ROWS_MAX} rows: ask for a coarser bucket, fewer dimensions or a shorter range.`;
  return new RefusedRequest('invalid_query', { detail, errors: [{ parameter: 'by', detail }] });
}

// Decimal strings, since a JSON number is a float to most readers.
function viewOf({ bucket, of, quantityMicro, tenantCharge, providerCost, events }: RollupRow, showsCost: boolean) {
  return {
    ...(bucket === null ? {} : { bucket }),
    ...of,
    quantity: Object.fromEntries(Object.entries(quantityMicro).map(([unit, sum]) => [unit, formatQuantity(sum)])),
    tenantCharge: formatAmount(tenantCharge),
    ...(showsCost ? { providerCost: formatAmount(providerCost) } : {}),
    events,
  };
}
