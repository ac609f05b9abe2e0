// `/admin/api/v1/ledger`: bookings, and what tenants owe.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { balanceOfTenant, bookByHand, listTransactions, reverseTransaction } from '@trunkline/ledger/adapters/prisma';
import { personActing } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { readJson } from '../http/read-json.js';
import { readWithin } from '../reads/read-within.js';
import { BalancesQuery, booked, BookingBody, ReversalBody, tenantIn, TransactionsQuery } from './ledger-input.js';
import { balanceView, bookedView, transactionView } from './ledger-views.js';

@Controller('admin/api/v1/ledger')
@OpenToPrograms(true)
export class LedgerController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Bookings, the newest of each month first. */
  @Allow('ledger:read')
  @Get('transactions')
  async transactions(@Query() query: unknown) {
    const { tenant, period = null, kind = null, limit } = checkQuery(TransactionsQuery, query);
    const tenantId = tenant === undefined ? null : await tenantIn(this.parts.tenancy, tenant);
    const heads = await readWithin(this.parts.db, (tx) => listTransactions(tx, { tenantId, period, kind, limit }));
    return { transactions: heads.map(transactionView) };
  }

  /** What a tenant owes and has prepaid. */
  @Allow('ledger:read')
  @Get('balance')
  async balance(@Query() query: unknown) {
    const tenantId = await tenantIn(this.parts.tenancy, checkQuery(BalancesQuery, query).tenant);
    return balanceView(await readWithin(this.parts.db, (tx) => balanceOfTenant(tx, tenantId)));
  }

  /** Books a credit, an adjustment, a prepayment or its use. */
  @Allow('ledger:write')
  @Post('transactions')
  async book(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const { tenant, actor: named, reason, for: usagePeriod, ...booking } = await readJson(BookingBody, request);
    const tenantId = await tenantIn(this.parts.tenancy, tenant);
    const because = { actor: personActing(request, named), reason };
    const asked = { ...booking, tenantId, usagePeriod, because };
    const db = auditedDb(this.parts.db, request, { kind: 'booking', id: null, tenantId, asked, actor: named });
    const outcome = booked(await bookByHand(db, asked));
    if (outcome.repeated) response.status(200);
    return { ...bookedView(outcome), repeated: outcome.repeated };
  }

  /** Takes a transaction back. */
  @Allow('ledger:write')
  @Post('transactions/:id/reverse')
  @HttpCode(201)
  async reverse(@Param('id') id: string, @Req() request: Request) {
    const { actor: named, reason } = await readJson(ReversalBody, request);
    const because = { actor: personActing(request, named), reason };
    const change = { kind: 'booking', id, asked: { reverse: id, because }, actor: named };
    return bookedView(booked(await reverseTransaction(auditedDb(this.parts.db, request, change), id, because)));
  }
}
