// `/admin/api/v1/periods`: the months of tenants, from open to closed.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import {
  checklistOfPeriod,
  closePeriod,
  listPeriods,
  periodOfTenant,
  periodTotals,
  softClosePeriod,
  waiveCheck,
  type CloseRequest,
} from '@trunkline/ledger/adapters/prisma';
import { OpenToOperator } from '../access/admin.guard.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { readJson } from '../http/read-json.js';
import { readWithin } from '../reads/read-within.js';
import {
  ActorBody,
  booked,
  CloseBody,
  periodIn,
  PeriodOfTenantQuery,
  PeriodsQuery,
  tenantIn,
  WaiverBody,
} from './ledger-input.js';
import { periodView } from './ledger-views.js';

@Controller('admin/api/v1/periods')
@OpenToOperator(true)
export class PeriodsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Months with bookings, and how they stand. */
  @Get()
  async list(@Query() query: unknown) {
    const { tenant, period = null } = checkQuery(PeriodsQuery, query);
    const tenantId = tenant === undefined ? null : await this.tenant(tenant);
    const periods = await readWithin(this.parts.db, (tx) => listPeriods(tx, { tenantId, period }));
    return { periods: periods.map(periodView) };
  }

  /** A month of a tenant with its control totals: sealed once it is closed, until then as they are now. */
  @Get(':period')
  async show(@Param('period') path: string, @Query() query: unknown) {
    const period = periodIn(path);
    const tenantId = await this.tenant(checkQuery(PeriodOfTenantQuery, query).tenant);
    return readWithin(this.parts.db, async (tx) => {
      const record = await periodOfTenant(tx, tenantId, period);
      return periodView({ ...record, totals: record.totals ?? (await periodTotals(tx, record)) });
    });
  }

  /** What stands in the way of closing it. */
  @Get(':period/checklist')
  async checklist(@Param('period') path: string, @Query() query: unknown) {
    const period = periodIn(path);
    const tenantId = await this.tenant(checkQuery(PeriodOfTenantQuery, query).tenant);
    return { tenantId, period, checklist: await checklistOfPeriod(this.parts.db, { tenantId, period }) };
  }

  /** Ends it for all but late usage. */
  @Post(':period/soft-close')
  @HttpCode(200)
  async softClose(@Param('period') path: string, @Req() request: Request) {
    const period = periodIn(path);
    const { tenant, actor } = await readJson(ActorBody, request);
    const tenantId = await this.tenant(tenant);
    const outcome = await softClosePeriod(this.parts.db, { tenantId, period, actor });
    return periodView(booked(outcome));
  }

  /** Asks to close it; with `single_person` closes it, on the record. */
  @Post(':period/close')
  @HttpCode(200)
  async close(@Param('period') path: string, @Req() request: Request) {
    const { tenant, actor, single_person: alone } = await readJson(CloseBody, request);
    return this.step(path, { tenant, actor, step: alone ? 'single_person' : 'ask' });
  }

  /** Closes what another person asked for. */
  @Post(':period/approve')
  @HttpCode(200)
  async approve(@Param('period') path: string, @Req() request: Request) {
    const { tenant, actor } = await readJson(ActorBody, request);
    return this.step(path, { tenant, actor, step: 'approve' });
  }

  /** Answers for what stands in the way of a close, as it is now. */
  @Post(':period/waivers')
  async waive(@Param('period') path: string, @Req() request: Request) {
    const period = periodIn(path);
    const { tenant, check, ...because } = await readJson(WaiverBody, request);
    const tenantId = await this.tenant(tenant);
    return {
      tenantId,
      period,
      check,
      ...booked(await waiveCheck(this.parts.db, { tenantId, period, check, because })),
    };
  }

  private async step(
    path: string,
    { tenant, ...step }: Pick<CloseRequest, 'actor' | 'step'> & { readonly tenant: string },
  ) {
    const period = periodIn(path);
    const tenantId = await this.tenant(tenant);
    const outcome = await closePeriod(this.parts.db, { tenantId, period, ...step });
    return periodView(booked(outcome));
  }

  private tenant(named: string) {
    return tenantIn(this.parts.tenancy, named);
  }
}
