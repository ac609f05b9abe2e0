// `/admin/api/v1/ledger/stuck-usage`: usage that is not in the books and will not get there by itself, and what lets it.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { releaseUsage, stuckUsageOfAllTenants, stuckUsageOfTenant } from '@trunkline/ledger/adapters/prisma';
import { loadPriceBook } from '@trunkline/rating/adapters/prisma';
import type { Request } from 'express';
import { personActing } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { readJson } from '../http/read-json.js';
import { readWithin } from '../reads/read-within.js';
import { isoOf } from '../v1/views.js';
import { booked, ReleaseBody, StuckQuery, tenantIn } from './ledger-input.js';

// Of all time.
const EVER = { fromMs: 0, toMs: Date.parse('9999-12-31T00:00:00Z') } as const;

@Controller('admin/api/v1/ledger/stuck-usage')
@OpenToPrograms(true)
export class StuckUsageController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The newest first, each with what stands in its way. */
  @Allow('ledger:read')
  @Get()
  async all(@Query() query: unknown) {
    const { tenant, limit } = checkQuery(StuckQuery, query);
    const tenantId = tenant === undefined ? null : await tenantIn(this.parts.tenancy, tenant);
    const stuck = await readWithin(this.parts.db, async (tx) => {
      const { books } = await loadPriceBook(tx);
      const of = { ...EVER, books, limit };
      return tenantId === null ? stuckUsageOfAllTenants(tx, of) : stuckUsageOfTenant(tx, tenantId, of);
    });
    return {
      usage: stuck.map(({ occurredAtMs, ...event }) => ({ ...event, occurredAt: isoOf(occurredAtMs) })),
    };
  }

  /** Lets usage be rated that was parked for its date: the next pass rates it. */
  @Allow('ledger:write')
  @Post(':event/release')
  @HttpCode(200)
  async release(@Param('event') id: string, @Req() request: Request) {
    const { occurred_at: occurredAtMs, actor: named, reason } = await readJson(ReleaseBody, request);
    const because = { actor: personActing(request, named), reason };
    const change = { kind: 'usage', id, asked: { release: id, occurredAtMs, because }, actor: named };
    const db = auditedDb(this.parts.db, request, change);
    booked(await releaseUsage(db, { usageEventId: id, occurredAtMs, because }));
    return { id, state: 'pending' };
  }
}
