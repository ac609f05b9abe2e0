// `/admin/api/v1/ledger/verify` and `.../rerate`: whether the books were changed, and putting right what a price with a date
// in the past concerns. Both read as much as a request may and say whether that was all.
import { Controller, Get, HttpCode, Inject, Post, Query, Req } from '@nestjs/common';
import { RerateSums } from '@trunkline/ledger';
import { rerate, verifyChains, type VerifiedChain } from '@trunkline/ledger/adapters/prisma';
import { loadPriceBook, storeDerivedPrices } from '@trunkline/rating/adapters/prisma';
import { unguarded } from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { personActing } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { readJson } from '../http/read-json.js';
import { orTooLong } from '../reads/read-within.js';
import { takeWithin } from '../reads/take-within.js';
import { booked, RerateBody, tenantIn, VerifyQuery } from './ledger-input.js';
import { chainView, rerateView } from './ledger-views.js';

@Controller('admin/api/v1/ledger')
@OpenToPrograms(true)
export class BooksController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Follows the hash chains; `whole` says whether each row was booked as it stands. */
  @Allow('ledger:read')
  @Get('verify')
  async verify(@Query() query: unknown) {
    const { tenant, period } = checkQuery(VerifyQuery, query);
    const of = tenant === undefined ? {} : { tenantId: await tenantIn(this.parts.tenancy, tenant) };
    const chains: VerifiedChain[] = [];
    const scope = { ...of, ...(period === undefined ? {} : { period }) };
    const complete = await takeWithin(verifyChains(this.parts.db, scope), (chain) => chains.push(chain));
    return { complete, whole: chains.every(({ broken }) => broken === null), chains: chains.map(chainView) };
  }

  /**
   * Rates booked usage by the prices known now. What is done stays done: where it is not `complete`, the same request again
   * goes on with the rest.
   */
  @Allow('ledger:write')
  @Post('rerate')
  @HttpCode(200)
  async rerate(@Req() request: Request) {
    const body = await readJson(RerateBody, request);
    const { from: fromMs, to: toMs, tenant, model, dry_run: dryRun, reason, actor: named } = body;
    const because = { actor: personActing(request, named), reason };
    const { tenancy } = this.parts;
    const change = { kind: 'books', id: 'rerate', asked: body, actor: named };
    // A try-out holds the company's months as the thing itself would: that is no change.
    const db = dryRun ? unguarded(this.parts.db) : auditedDb(this.parts.db, request, change);
    const { books } = await orTooLong(loadPriceBook(db));
    const wanted = {
      ...{ fromMs, toMs, dryRun, because, prices: { books, storeDerived: storeDerivedPrices } },
      ...(tenant === undefined ? {} : { tenantId: await tenantIn(tenancy, tenant) }),
      ...(model === undefined ? {} : { model }),
    };
    const sums = new RerateSums();
    const complete = await takeWithin(booked(rerate(db, wanted)), (page) => {
      sums.add(page);
    });
    return { complete, dry_run: dryRun, ...rerateView(sums) };
  }
}
