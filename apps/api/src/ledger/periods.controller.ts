// `/admin/api/v1/periods`: the months of tenants, from open to closed.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import type { TenantId } from '@trunkline/kernel';
import type { Period } from '@trunkline/ledger';
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
import { unguarded } from '@trunkline/tenancy/adapters/prisma';
import { accessOf, personActing } from '../access/access-of.js';
import { Allow, NeedsStepUp, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { assertOnePerson } from '../access/one-person.js';
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

/** A step of a month, for the record. */
interface PeriodStep {
  readonly tenantId: TenantId;
  readonly period: Period;
  readonly asked: unknown;
  readonly named: string | undefined;
}

@Controller('admin/api/v1/periods')
@OpenToPrograms(true)
export class PeriodsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Months with bookings, and how they stand. */
  @Allow('periods:read', 'tenant')
  @Get()
  async list(@Query() query: unknown, @Req() request: Request) {
    const { tenant, period = null } = checkQuery(PeriodsQuery, query);
    const tenantId = tenant === undefined ? null : await this.tenant(tenant);
    const periods = await readWithin(this.parts.db, (tx) => listPeriods(tx, { tenantId, period }));
    const showsCost = accessOf(request).scope.isWhole;
    return { periods: periods.map((each) => periodView(each, showsCost)) };
  }

  /** A month of a tenant with its control totals: sealed once it is closed, until then as they are now. */
  @Allow('periods:read', 'tenant')
  @Get(':period')
  async show(@Param('period') path: string, @Query() query: unknown, @Req() request: Request) {
    const period = periodIn(path);
    const tenantId = await this.tenant(checkQuery(PeriodOfTenantQuery, query).tenant);
    return readWithin(this.parts.db, async (tx) => {
      const record = await periodOfTenant(tx, tenantId, period);
      const totals = record.totals ?? (await periodTotals(tx, record));
      return periodView({ ...record, totals }, accessOf(request).scope.isWhole);
    });
  }

  /** What stands in the way of closing it. The company's: it tells of its reconciliation, too. */
  @Allow('periods:read')
  @Get(':period/checklist')
  async checklist(@Param('period') path: string, @Query() query: unknown) {
    const period = periodIn(path);
    const tenantId = await this.tenant(checkQuery(PeriodOfTenantQuery, query).tenant);
    // It holds the company's months while it looks, as a close would: that is no change.
    const checklist = await checklistOfPeriod(unguarded(this.parts.db), { tenantId, period });
    return { tenantId, period, checklist };
  }

  /** Ends it for all but late usage. */
  @Allow('periods:write')
  @Post(':period/soft-close')
  @HttpCode(200)
  async softClose(@Param('period') path: string, @Req() request: Request) {
    const period = periodIn(path);
    const { tenant, actor: named } = await readJson(ActorBody, request);
    const actor = personActing(request, named);
    const tenantId = await this.tenant(tenant);
    const db = this.audited(request, { tenantId, period, asked: 'soft-close', named });
    const outcome = await softClosePeriod(db, { tenantId, period, actor });
    return periodView(booked(outcome), true);
  }

  /** Asks to close it; with `single_person` closes it, on the record. */
  @Allow('periods:approve')
  @NeedsStepUp(true)
  @Post(':period/close')
  @HttpCode(200)
  async close(@Param('period') path: string, @Req() request: Request) {
    const { tenant, actor, single_person: alone } = await readJson(CloseBody, request);
    if (alone) assertOnePerson(this.parts);
    return this.step(path, request, { tenant, named: actor, step: alone ? 'single_person' : 'ask' });
  }

  /** Closes what another person asked for. */
  @Allow('periods:approve')
  @NeedsStepUp(true)
  @Post(':period/approve')
  @HttpCode(200)
  async approve(@Param('period') path: string, @Req() request: Request) {
    const { tenant, actor } = await readJson(ActorBody, request);
    return this.step(path, request, { tenant, named: actor, step: 'approve' });
  }

  /** Answers for what stands in the way of a close, as it is now. */
  @Allow('periods:write')
  @Post(':period/waivers')
  async waive(@Param('period') path: string, @Req() request: Request) {
    const period = periodIn(path);
    const { tenant, check, reason, actor: named } = await readJson(WaiverBody, request);
    const because = { actor: personActing(request, named), reason };
    const tenantId = await this.tenant(tenant);
    const db = this.audited(request, { tenantId, period, asked: { waive: check, because }, named });
    return { tenantId, period, check, ...booked(await waiveCheck(db, { tenantId, period, check, because })) };
  }

  private async step(
    path: string,
    request: Request,
    {
      tenant,
      named,
      step,
    }: Pick<CloseRequest, 'step'> & { readonly tenant: string; readonly named: string | undefined },
  ) {
    const period = periodIn(path);
    const actor = personActing(request, named);
    const tenantId = await this.tenant(tenant);
    const db = this.audited(request, { tenantId, period, asked: step, named });
    return periodView(booked(await closePeriod(db, { tenantId, period, actor, step })), true);
  }

  private audited(request: Request, { tenantId, period, asked, named }: PeriodStep) {
    const change = { kind: 'period', id: `${tenantId} ${period}`, tenantId, asked, actor: named };
    return auditedDb(this.parts.db, request, change);
  }

  private tenant(named: string) {
    return tenantIn(this.parts.tenancy, named);
  }
}
