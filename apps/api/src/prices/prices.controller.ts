// `/admin/api/v1/prices`: the prices in force, changes of them, and their approval. Who acts is said in the body: those
// who may sign in here share one sign-in yet, so the name is taken as given, like `--actor` at a terminal.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { differenceOfChange, parsePriceContent, withIdsForSlugs } from '@trunkline/rating';
import {
  approvePrices,
  draftPrices,
  findPriceChange,
  listPriceChanges,
  loadPriceBook,
  previewPrices,
  rejectPrices,
} from '@trunkline/rating/adapters/prisma';
import { z } from 'zod';
import { OpenToOperator } from '../access/admin.guard.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';
import { readJson } from '../http/read-json.js';
import { idsBySlug } from '../reads/ids-by-slug.js';
import { orTooLong, readWithin } from '../reads/read-within.js';
import { changeView, differenceView, versionView } from './price-views.js';
import { taken } from './prices-taken.js';

const CHANGES_MAX = 200;

const NoQuery = z.strictObject({});
const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a time such as 2026-11-21 or 2026-11-21T12:00:00Z')
  .transform((text) => Date.parse(text));
const PricesQuery = z.strictObject({ at: instant.optional() });

const actor = z.string().trim().min(1, 'must name who does it').max(200);
const reason = z.string().trim().min(1, 'must say why').max(2_000);
const Draft = z.strictObject({ actor, reason, correction: z.boolean().default(false), content: z.unknown() });
const Approval = z.strictObject({
  actor,
  reason: reason.nullable().default(null),
  single_person: z.boolean().default(false),
});
const Rejection = z.strictObject({ actor, reason });

@Controller('admin/api/v1/prices')
@OpenToOperator(true)
export class PricesController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The prices in force, now or at an instant. */
  @Get()
  async inForce(@Query() query: unknown) {
    const { at } = checkQuery(PricesQuery, query);
    const atMs = at ?? this.parts.tenancy.clock.nowMs();
    const { books } = await readWithin(this.parts.db, (tx) => loadPriceBook(tx));
    const versions = books.versions.filter(
      ({ effectiveFrom, effectiveTo }) => effectiveFrom <= atMs && (effectiveTo === null || atMs < effectiveTo),
    );
    return { at: new Date(atMs).toISOString(), prices: versions.map(versionView) };
  }

  /** The newest changes first. */
  @Get('changes')
  async changes(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    const changes = await readWithin(this.parts.db, (tx) => listPriceChanges(tx, CHANGES_MAX));
    return { changes: changes.map(changeView) };
  }

  /** What a draft would change. */
  @Get('changes/:id/diff')
  async diff(@Param('id') id: string, @Query() query: unknown) {
    checkQuery(NoQuery, query);
    await this.known(id);
    const { stored, applied } = taken(await orTooLong(previewPrices(this.parts.tenancy, id)));
    return { id, differences: differenceOfChange(stored, applied.added).map(differenceView) };
  }

  /** Drafts a change; `content` as in docs/prices.md. */
  @Post('changes')
  async draft(@Req() request: Request) {
    const { content: raw, actor: author, ...rest } = await readJson(Draft, request);
    const content = taken(parsePriceContent(withIdsForSlugs(raw, await idsBySlug(this.parts.tenancy))));
    const { change } = taken(await draftPrices(this.parts.tenancy, { ...rest, author, content }));
    return changeView(change);
  }

  /** Puts a draft in force. */
  @Post('changes/:id/approve')
  @HttpCode(200)
  async approve(@Param('id') id: string, @Req() request: Request) {
    const { single_person: singlePerson, ...verdict } = await readJson(Approval, request);
    await this.known(id);
    const { change } = taken(await approvePrices(this.parts.tenancy, id, { ...verdict, singlePerson }));
    return changeView(change);
  }

  /** Turns a draft down. */
  @Post('changes/:id/reject')
  @HttpCode(200)
  async reject(@Param('id') id: string, @Req() request: Request) {
    const verdict = await readJson(Rejection, request);
    await this.known(id);
    return changeView(taken(await rejectPrices(this.parts.tenancy, id, verdict)));
  }

  private async known(id: string): Promise<void> {
    if ((await readWithin(this.parts.db, (tx) => findPriceChange(tx, id))) !== null) return;
    const detail = 'There is no change of prices with this id: /admin/api/v1/prices/changes lists them.';
    throw new RefusedRequest('price_change_not_found', { detail });
  }
}
