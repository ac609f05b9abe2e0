// `/admin/api/v1/moderation/:tenant`: all that is known of one person, for that person; and what is kept of a person or a
// session taken away, with the proof. Names go in and are hashed; answers and the record have the hash only.
import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { parseId, type TenantId } from '@trunkline/kernel';
import { REVIEWER_CHARS_MAX } from '@trunkline/moderation';
import {
  ERASE_MS_MAX,
  eraseContent,
  EXPORT_MS_MAX,
  exportEndUser,
  type ErasureSubject,
} from '@trunkline/moderation/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { personActing } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { Answers } from '../openapi/answers.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { Instant } from '../v1/report-answers.js';
import { contentView } from './review-views.js';

const endUser = z.string().min(1, 'must name somebody').max(512).meta({ description: 'as the app names them' });
const reason = z.string().trim().min(1, 'must say why').max(1_000);
const actor = z.string().trim().min(1, 'must name somebody').max(REVIEWER_CHARS_MAX).optional();
const ExportBody = z.strictObject({ endUser, reason, actor });
const ErasureBody = z
  .strictObject({ endUser: endUser.optional(), session: z.string().optional(), reason, actor })
  .refine((body) => (body.endUser === undefined) !== (body.session === undefined), 'must name one: endUser or session');
type ExportBody = z.output<typeof ExportBody>;
type ErasureBody = z.output<typeof ErasureBody>;

const things = z.array(z.unknown());
const ExportAnswer = z.strictObject({
  endUser: z.string().meta({ description: 'the hash of their name' }),
  ...{ findings: things, reviews: things, content: things, erasures: things, actions: things, clientSecrets: things },
  refused: z.unknown().meta({ description: 'until when they may open no session, and why; null: they may' }),
});
const ErasureAnswer = z.strictObject({
  ...{ subject: z.string().nullable(), at: Instant, actor: z.string(), reason: z.string().nullable() },
  ...{ pieces: z.int(), keys: z.int() },
  sha256: z.string().meta({ description: 'over the SHA-256 of each sealed excerpt, sorted, a line each' }),
});

@Controller('admin/api/v1/moderation/:tenant')
@OpenToPrograms(true)
export class ModerationPeopleController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('content:read')
  @Answers(ExportAnswer, {
    says: 'All that is known of an end user. That it was read is recorded with each of their items.',
  })
  @Post('people/export')
  @HttpCode(200)
  async export(
    @Param('tenant') named: string,
    @Body({ schema: ExportBody }) body: ExportBody,
    @Req() request: Request,
  ) {
    const { tenancy, contentSeal: wrap } = this.parts;
    const tenantId = await this.tenantId(named);
    const hashed = this.hashed(tenantId, body.endUser);
    if (wrap === null) throw notHere('What is kept of conversations cannot be read by this process.');
    const why = { reason: body.reason, actor: personActing(request, body.actor), atMs: tenancy.clock.nowMs() };
    const db = this.recorded(request, { tenantId, id: hashed, asked: { export: body.reason }, actor: body.actor });
    const exported = await orTooLong(exportEndUser(db, tenantId, { endUser: hashed, wrap, ...why }), EXPORT_MS_MAX);
    if (!exported.ok) throw new RefusedRequest('invalid_request', { detail: exported.error.message });
    const { content, ...rest } = exported.value;
    return { ...plain.parse(JSON.parse(JSON.stringify(rest))), content: content.map(contentView) };
  }

  @Allow('content:erase')
  @Answers(ErasureAnswer, { says: 'Takes away what is kept of an end user or a session, for good. Answers the proof.' })
  @Post('content/erasures')
  @HttpCode(200)
  async erase(
    @Param('tenant') named: string,
    @Body({ schema: ErasureBody }) body: ErasureBody,
    @Req() request: Request,
  ) {
    const tenantId = await this.tenantId(named);
    const subject = this.subjectOf(tenantId, body);
    const id = subject.kind === 'session' ? subject.sessionId : subject.endUser;
    const why = { reason: body.reason, actor: personActing(request, body.actor) };
    const db = this.recorded(request, { tenantId, id, asked: { erase: body.reason }, actor: body.actor });
    const erased = await orTooLong(
      eraseContent(db, tenantId, { subject, ...why, atMs: this.parts.tenancy.clock.nowMs() }),
      ERASE_MS_MAX,
    );
    if (!erased.ok) throw new RefusedRequest('does_not_hold', { detail: erased.error.message });
    const { subject: of, at, actor: by, reason: because, pieces, keys, sha256 } = erased.value;
    return { subject: of, at: at.toISOString(), actor: by, reason: because, pieces, keys, sha256 };
  }

  private recorded(
    request: Request,
    change: Pick<Parameters<typeof auditedDb>[2], 'id' | 'asked' | 'actor'> & { readonly tenantId: TenantId },
  ) {
    return auditedDb(this.parts.db, request, { ...change, kind: 'kept_content', withoutResult: true });
  }

  private subjectOf(tenantId: TenantId, { endUser: name, session }: ErasureBody): ErasureSubject {
    if (name !== undefined) return { kind: 'end_user', endUser: this.hashed(tenantId, name) };
    const sessionId = parseId('ses', session ?? '');
    if (sessionId !== null) return { kind: 'session', sessionId };
    throw new RefusedRequest('invalid_request', { detail: 'session must be the id of a session.' });
  }

  private hashed(tenantId: TenantId, name: string): string {
    const { hashEndUser } = this.parts;
    if (hashEndUser === null)
      throw notHere('This process cannot find a person: start it with the pepper of the installation.');
    return hashEndUser(tenantId, name);
  }

  private async tenantId(named: string): Promise<TenantId> {
    return (await orTooLong(tenantNamed(this.parts.tenancy, named))).id;
  }
}

// Times as text: what is exported is rows, whatever they hold by then.
const plain = ExportAnswer.omit({ content: true });

function notHere(detail: string): RefusedRequest {
  return new RefusedRequest('secrets_not_here', { detail });
}
