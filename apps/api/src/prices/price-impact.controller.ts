// `/admin/api/v1/prices/.../impact`: what a month would have cost at the prices of a draft, or at a markup that nobody has
// drafted yet; as if they had held all month.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { calendarOf, previousPeriod } from '@trunkline/ledger';
import { loadCompany } from '@trunkline/ledger/adapters/prisma';
import { MARKUP_BPS_MAX, MARKUP_BPS_MIN, NO_PRICES, type PriceCatalogue } from '@trunkline/rating';
import { findPriceChange, impactOfChange, type TenantImpact } from '@trunkline/rating/adapters/prisma';
import type { TenantId } from '@trunkline/kernel';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';
import { month, tenant, tenantIn } from '../ledger/ledger-input.js';
import { orTooLong } from '../reads/read-within.js';
import { takeWithin } from '../reads/take-within.js';
import { impactView } from './price-views.js';
import { taken } from './prices-taken.js';

const MARKUP = `must be a whole number of basis points from ${MARKUP_BPS_MIN} to ${MARKUP_BPS_MAX} (1500 is 15 %)`;
const markup = z.coerce.number(MARKUP).int(MARKUP).min(MARKUP_BPS_MIN, MARKUP).max(MARKUP_BPS_MAX, MARKUP);
const DraftQuery = z.strictObject({ month: month.optional(), tenant: tenant.optional() });
const MarkupQuery = z.strictObject({ month: month.optional(), tenant, markup_bps: markup });

@Controller('admin/api/v1/prices')
@OpenToPrograms(true)
export class PriceImpactController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Of a draft. */
  @Allow('prices:read')
  @Get('changes/:id/impact')
  async ofChange(@Param('id') id: string, @Query() query: unknown) {
    const { month: period, tenant: named } = checkQuery(DraftQuery, query);
    const tenantId = named === undefined ? null : await tenantIn(this.parts.tenancy, named);
    const change = await orTooLong(findPriceChange(this.parts.db, id));
    if (change !== null) return { id, ...(await this.impact(change.content, { period, tenantId })) };
    const detail = 'There is no change of prices with this id: /admin/api/v1/prices/changes lists them.';
    throw new RefusedRequest('price_change_not_found', { detail });
  }

  /** Of a markup for a tenant. */
  @Allow('prices:read')
  @Get('impact')
  async ofMarkup(@Query() query: unknown) {
    const { month: period, tenant: named, markup_bps: markupBps } = checkQuery(MarkupQuery, query);
    const tenantId = await tenantIn(this.parts.tenancy, named);
    const plans = [{ tenantId, effectiveFrom: 0, revision: 0, markupBps }];
    return this.impact({ ...NO_PRICES, plans }, { period, tenantId });
  }

  private async impact(
    wanted: PriceCatalogue,
    { period, tenantId }: { readonly period: z.output<typeof month> | undefined; readonly tenantId: TenantId | null },
  ) {
    const { db, tenancy } = this.parts;
    const calendar = calendarOf((await orTooLong(loadCompany(db))).timeZone);
    const asked = period ?? previousPeriod(calendar.periodOf(tenancy.clock.nowMs()));
    const found: TenantImpact[] = [];
    const impacts = taken(await orTooLong(impactOfChange(db, wanted, { ...calendar.boundsOf(asked), tenantId })));
    if (await takeWithin(impacts, (each) => found.push(each)))
      return { month: asked, currency: 'USD', tenants: found.map(impactView) };
    const detail = 'Ask for one tenant (tenant=...), or use `price impact` at the command line.';
    throw new RefusedRequest('takes_too_long', { detail });
  }
}
