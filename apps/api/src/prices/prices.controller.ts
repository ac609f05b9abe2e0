// `/admin/api/v1/prices`: the prices in force, changes of them, and their approval. `actor` is for the operator's programs,
// which say who acts, like `--actor` at a terminal; members act as who they are.
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
  type StoredPriceChange,
} from '@trunkline/rating/adapters/prisma';
import { z } from 'zod';
import { personActing } from '../access/access-of.js';
import { Allow, NeedsStepUp, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { assertOnePerson } from '../access/one-person.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';
import { madeOnceAs } from '../http/make-once.js';
import { readJson } from '../http/read-json.js';
import { Repeatable } from '../openapi/headers.js';
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

const actor = z.string().trim().min(1, 'must name who does it').max(200).optional();
const reason = z.string().trim().min(1, 'must say why').max(2_000);
const Draft = z.strictObject({ actor, reason, correction: z.boolean().default(false), content: z.unknown() });
const Approval = z.strictObject({
  actor,
  reason: reason.nullable().default(null),
  single_person: z.boolean().default(false),
});
const Rejection = z.strictObject({ actor, reason });

/** A step of a change of prices, for the record. */
interface PriceStep {
  readonly id: string;
  readonly asked: unknown;
  readonly named: string | undefined;
}

@Controller('admin/api/v1/prices')
@OpenToPrograms(true)
export class PricesController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The prices in force, now or at an instant. */
  @Allow('prices:read')
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
  @Allow('prices:read')
  @Get('changes')
  async changes(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    const changes = await readWithin(this.parts.db, (tx) => listPriceChanges(tx, CHANGES_MAX));
    return { changes: changes.map(changeView) };
  }

  /** What a draft would change. */
  @Allow('prices:read')
  @Get('changes/:id/diff')
  async diff(@Param('id') id: string, @Query() query: unknown) {
    checkQuery(NoQuery, query);
    await this.known(id);
    const { stored, applied } = taken(await orTooLong(previewPrices(this.parts.tenancy, id)));
    return { id, differences: differenceOfChange(stored, applied.added).map(differenceView) };
  }

  /** Drafts a change; `content` as in docs/prices.md. */
  @Allow('prices:write')
  @Repeatable()
  @Post('changes')
  async draft(@Req() request: Request) {
    const { content: raw, actor: named, ...rest } = await readJson(Draft, request);
    const author = personActing(request, named);
    const content = taken(parsePriceContent(withIdsForSlugs(raw, await idsBySlug(this.parts.tenancy))));
    return madeOnceAs(this.parts, request, {
      change: { kind: 'price_change', id: null, asked: { draft: rest, author }, actor: named },
      ...{ body: { ...rest, author, content: raw }, answer: z.unknown() },
      make: (db) => draftPrices({ ...this.parts.tenancy, db }, { ...rest, author, content }),
      valueOf: (outcome: Awaited<ReturnType<typeof draftPrices>>) => taken(outcome),
      view: ({ change }: { readonly change: StoredPriceChange }) => changeView(change),
    });
  }

  /** Puts a draft in force. */
  @Allow('prices:approve')
  @NeedsStepUp(true)
  @Post('changes/:id/approve')
  @HttpCode(200)
  async approve(@Param('id') id: string, @Req() request: Request) {
    const { single_person: singlePerson, actor: named, reason: why } = await readJson(Approval, request);
    if (singlePerson) assertOnePerson(this.parts);
    const verdict = { actor: personActing(request, named), reason: why, singlePerson };
    await this.known(id);
    const tenancy = this.audited(request, { id, asked: { approve: verdict }, named });
    const { change } = taken(await approvePrices(tenancy, id, verdict));
    return changeView(change);
  }

  /** Turns a draft down. */
  @Allow('prices:write')
  @Post('changes/:id/reject')
  @HttpCode(200)
  async reject(@Param('id') id: string, @Req() request: Request) {
    const { actor: named, reason: why } = await readJson(Rejection, request);
    const verdict = { actor: personActing(request, named), reason: why };
    await this.known(id);
    const tenancy = this.audited(request, { id, asked: { reject: verdict }, named });
    return changeView(taken(await rejectPrices(tenancy, id, verdict)));
  }

  private audited(request: Request, { id, asked, named }: PriceStep) {
    const change = { kind: 'price_change', id, asked, actor: named };
    return { ...this.parts.tenancy, db: auditedDb(this.parts.db, request, change) };
  }

  private async known(id: string): Promise<void> {
    if ((await readWithin(this.parts.db, (tx) => findPriceChange(tx, id))) !== null) return;
    const detail = 'There is no change of prices with this id: /admin/api/v1/prices/changes lists them.';
    throw new RefusedRequest('price_change_not_found', { detail });
  }
}
