// `/admin/api/v1`: the overview's figures for programs, of the tenants that whoever asks may see.
import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { costsOfAllTenants, usageOfAllTenants } from '@trunkline/ledger/adapters/prisma';
import type { Request } from 'express';
import type { z } from 'zod';
import { accessOf } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { openSessionsWithin } from '../reads/open-sessions.js';
import { readWithin } from '../reads/read-within.js';
import { Answers } from '../openapi/answers.js';
import { Asks } from '../openapi/asks.js';
import { CostsQuery, costsQuery, RangeQuery, SessionsQuery, usageQuery } from './queries.js';
import { CostsAnswer, SessionsAnswer, UsageAnswer } from './report-answers.js';
import { costView, isoOf, sessionView, usageView } from './views.js';

// What the ledger books in.
const CURRENCY = 'USD' as const;

@Controller('admin/api/v1')
@OpenToPrograms(true)
export class ReportsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Open sessions, newest first, and how many there are in all. */
  @Allow('sessions:read', 'tenants')
  @Answers(SessionsAnswer, { says: 'Open sessions, newest first, and how many there are in all.' })
  @Get('sessions')
  async sessions(@Query({ schema: SessionsQuery }) { limit }: z.output<typeof SessionsQuery>, @Req() request: Request) {
    const { scope } = accessOf(request);
    const { total, rows } = await readWithin(this.parts.db, (tx) => openSessionsWithin(tx, scope.ids, limit));
    const nowMs = this.nowMs();
    return { total, sessions: rows.map((session) => sessionView(session, nowMs)) };
  }

  /** Quantities by tenant, day, model and meter, rated or not. */
  @Allow('usage:read', 'tenants')
  @Asks(RangeQuery)
  @Answers(UsageAnswer, { says: 'Quantities by tenant, day, model and meter, rated or not.' })
  @Get('usage')
  async usage(@Query() query: unknown, @Req() request: Request) {
    const range = checkQuery(usageQuery(this.nowMs()), query);
    const rows = await readWithin(this.parts.db, (tx) => usageOfAllTenants(tx, range));
    const within = accessOf(request).scope.only(rows, ({ tenantId }) => tenantId);
    return { from: isoOf(range.fromMs), to: isoOf(range.toMs), rows: within.map(usageView) };
  }

  /** Charges and costs from the ledger. */
  @Allow('costs:read')
  @Asks(CostsQuery)
  @Answers(CostsAnswer, { says: 'Charges and costs from the ledger.' })
  @Get('costs')
  async costs(@Query() query: unknown) {
    const { by, ...range } = checkQuery(costsQuery(this.nowMs()), query);
    const rows = await readWithin(this.parts.db, (tx) => costsOfAllTenants(tx, { ...range, by }));
    const views = rows.map((row) => costView(row, by));
    return { from: isoOf(range.fromMs), to: isoOf(range.toMs), by, currency: CURRENCY, rows: views };
  }

  private nowMs(): number {
    return this.parts.tenancy.clock.nowMs();
  }
}
