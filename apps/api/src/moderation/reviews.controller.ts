// `/admin/api/v1/moderation/<tenant>`: what people have to look at, and what they make of it. `actor` is for the operator's
// programs, which say who acts; members act as who they are.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { parseId, type ReviewItemId, type TenantId } from '@trunkline/kernel';
import {
  NOTE_CHARS_MAX,
  REVIEW_DECISIONS,
  REVIEW_STATES,
  REVIEWER_CHARS_MAX,
  type KeyWrap,
  type ReviewStep,
} from '@trunkline/moderation';
import {
  findReviewItem,
  listReviewItems,
  readContentOfItem,
  reviewStatistics,
  stepReview,
} from '@trunkline/moderation/adapters/prisma';
import { z } from 'zod';
import { personActing } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';
import { readJson } from '../http/read-json.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong, readWithin } from '../reads/read-within.js';
import { usageQuery } from '../v1/queries.js';
import { isoOf } from '../v1/views.js';
import { caseView, contentView, itemView, statisticsView } from './review-views.js';

const LIST_MAX = 1_000;

const NoQuery = z.strictObject({});
const ListQuery = z.strictObject({
  state: z
    .enum(REVIEW_STATES, `must be one of ${REVIEW_STATES.join(', ')}`)
    .nullable()
    .default(null),
  after: z
    .string()
    .transform((text) => parseId('mri', text))
    .refine((id) => id !== null, 'must be the id of a review item')
    .nullable()
    .default(null),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, `must be a whole number from 1 to ${LIST_MAX}`)
    .transform(Number)
    .refine((limit) => limit <= LIST_MAX, `must be a whole number from 1 to ${LIST_MAX}`)
    .prefault('100'),
});

const name = z.string().trim().min(1, 'must name somebody').max(REVIEWER_CHARS_MAX);
const note = z.string().trim().min(1, 'must say something').max(NOTE_CHARS_MAX);
const step = { actor: name.optional(), note: note.nullable().default(null) };
const Assignment = z.strictObject({ ...step, assignee: name.nullable() });
const Decision = z.strictObject({ ...step, decision: z.enum(REVIEW_DECISIONS), again: z.boolean().default(false) });
const Note = z.strictObject({ actor: name.optional(), note });
const Reading = z.strictObject({ actor: name.optional() });

// Everything is then told as unreadable.
const NO_SEAL: Pick<KeyWrap, 'open'> = { open: () => null };

@Controller('admin/api/v1/moderation/:tenant')
@OpenToPrograms(true)
export class ReviewsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** What waits for a decision, or is in a state; the oldest first. `after` is the last item of the page before. */
  @Allow('reviews:read')
  @Get('items')
  async list(@Param('tenant') named: string, @Query() query: unknown) {
    const filter = checkQuery(ListQuery, query);
    const tenantId = await this.tenantId(named);
    const items = await readWithin(this.parts.db, (tx) => listReviewItems(tx, tenantId, filter));
    return { items: items.map(itemView) };
  }

  /** One item with its session, findings and the steps of reviewers. */
  @Allow('reviews:read')
  @Get('items/:item')
  async show(@Param('tenant') named: string, @Param('item') item: string, @Query() query: unknown) {
    checkQuery(NoQuery, query);
    const [tenantId, id] = [await this.tenantId(named), itemId(item)];
    const found = await readWithin(this.parts.db, (tx) => findReviewItem(tx, tenantId, id));
    if (found === null) throw noSuchItem();
    return caseView(found);
  }

  /** To somebody; `assignee` null: to nobody. */
  @Allow('reviews:write')
  @Post('items/:item/assign')
  @HttpCode(200)
  async assign(@Param('tenant') named: string, @Param('item') item: string, @Req() request: Request) {
    const { assignee, ...said } = await readJson(Assignment, request);
    return this.take({ named, item, said, request }, { kind: 'assign', assignee });
  }

  /** `uphold`, `dismiss` or `escalate`. */
  @Allow('reviews:write')
  @Post('items/:item/decide')
  @HttpCode(200)
  async decide(@Param('tenant') named: string, @Param('item') item: string, @Req() request: Request) {
    const { decision, again, ...said } = await readJson(Decision, request);
    return this.take({ named, item, said, request }, { kind: 'decide', decision, again });
  }

  /** Says something about an item; kept for good. */
  @Allow('reviews:write')
  @Post('items/:item/notes')
  @HttpCode(200)
  async note(@Param('tenant') named: string, @Param('item') item: string, @Req() request: Request) {
    return this.take({ named, item, said: await readJson(Note, request), request }, { kind: 'note' });
  }

  /** What was said around what was found, where it is kept. Who reads it is recorded with the item. */
  @Allow('content:read')
  @Post('items/:item/content')
  @HttpCode(200)
  async content(@Param('tenant') named: string, @Param('item') item: string, @Req() request: Request) {
    const { actor: said } = await readJson(Reading, request);
    const actor = personActing(request, said);
    const [tenantId, id] = [await this.tenantId(named), itemId(item)];
    const { tenancy, contentSeal } = this.parts;
    // That it was read is recorded, not what.
    const change = { kind: 'review_content', id, tenantId, asked: 'read', actor: said, withoutResult: true };
    const db = auditedDb(this.parts.db, request, change);
    const wrap = contentSeal ?? NO_SEAL;
    const kept = await orTooLong(readContentOfItem(db, tenantId, id, { actor, atMs: tenancy.clock.nowMs(), wrap }));
    if (kept === null) throw noSuchItem();
    return { content: kept.map(contentView) };
  }

  /** By hook and category, of what was opened in a range of time. */
  @Allow('reviews:read')
  @Get('statistics')
  async statistics(@Param('tenant') named: string, @Query() query: unknown) {
    const range = checkQuery(usageQuery(this.parts.tenancy.clock.nowMs()), query);
    const tenantId = await this.tenantId(named);
    const rows = await readWithin(this.parts.db, (tx) => reviewStatistics(tx, tenantId, range));
    return { from: isoOf(range.fromMs), to: isoOf(range.toMs), rows: rows.map(statisticsView) };
  }

  private async take({ named, item, said, request: asking }: Taking, taken: ReviewStep) {
    const [tenantId, id] = [await this.tenantId(named), itemId(item)];
    const actor = personActing(asking, said.actor);
    const request = { step: taken, note: said.note, actor, atMs: this.parts.tenancy.clock.nowMs() };
    const change = { kind: 'review_item', id, tenantId, asked: taken, actor: said.actor, withoutResult: true };
    const outcome = await orTooLong(stepReview(auditedDb(this.parts.db, asking, change), tenantId, id, request));
    if (outcome.ok) return caseView(outcome.value);
    const { code, message: detail } = outcome.error;
    if (code === 'item_not_found') throw noSuchItem();
    throw new RefusedRequest(code === 'invalid_input' ? 'invalid_request' : 'does_not_hold', { detail });
  }

  private async tenantId(named: string): Promise<TenantId> {
    return (await orTooLong(tenantNamed(this.parts.tenancy, named))).id;
  }
}

interface Taking {
  readonly named: string;
  readonly item: string;
  readonly said: { readonly actor?: string | undefined; readonly note: string | null };
  readonly request: Request;
}

// What has the wrong shape is told like what is not there: an id is no secret, but neither is it a hint.
function itemId(text: string): ReviewItemId {
  const id = parseId('mri', text);
  if (id === null) throw noSuchItem();
  return id;
}

function noSuchItem(): RefusedRequest {
  const detail = 'The tenant has no review item with this id: /admin/api/v1/moderation/<tenant>/items lists them.';
  return new RefusedRequest('review_item_not_found', { detail });
}
