// `/admin/api/v1`: the overview's figures for programs, of all tenants.
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { costsOfAllTenants, usageOfAllTenants } from '@trunkline/ledger/adapters/prisma';
import { listTenants } from '@trunkline/tenancy/adapters/prisma';
import { OpenToOperator } from '../access/admin.guard.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { openSessionsOfAllTenants } from '../reads/open-sessions.js';
import { orTooLong, readWithin } from '../reads/read-within.js';
import { costsQuery, SessionsQuery, TenantsQuery, usageQuery } from './queries.js';
import { costView, isoOf, sessionView, tenantView, usageView } from './views.js';

// What the ledger books in.
const CURRENCY = 'USD';

@Controller('admin/api/v1')
@OpenToOperator(true)
export class ReportsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** All tenants, by slug. */
  @Get('tenants')
  async tenants(@Query() query: unknown) {
    checkQuery(TenantsQuery, query);
    const tenants = await orTooLong(listTenants(this.parts.tenancy));
    return { tenants: tenants.map(tenantView) };
  }

  /** Open sessions, newest first, and how many there are in all. */
  @Get('sessions')
  async sessions(@Query() query: unknown) {
    const { limit } = checkQuery(SessionsQuery, query);
    const { total, rows } = await readWithin(this.parts.db, (tx) => openSessionsOfAllTenants(tx, limit));
    const nowMs = this.nowMs();
    return { total, sessions: rows.map((session) => sessionView(session, nowMs)) };
  }

  /** Quantities by tenant, day, model and meter, rated or not. */
  @Get('usage')
  async usage(@Query() query: unknown) {
    const range = checkQuery(usageQuery(this.nowMs()), query);
    const rows = await readWithin(this.parts.db, (tx) => usageOfAllTenants(tx, range));
    return { from: isoOf(range.fromMs), to: isoOf(range.toMs), rows: rows.map(usageView) };
  }

  /** Charges and costs from the ledger. */
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
