// `/admin/api/v1/audit`: the record of changes, to read, to check and to take away.
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { auditCsv, auditJson } from '@trunkline/tenancy';
import { listAudit, verifyAudit, wholeAudit, type RecordedEntry } from '@trunkline/tenancy/adapters/prisma';
import type { Response } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { WORK_MS_MAX } from '../reads/take-within.js';

const LIST_MAX = 1_000;
const NoQuery = z.strictObject({});
const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a time such as 2026-11-21 or 2026-11-21T12:00:00Z')
  .transform((text) => Date.parse(text))
  .optional();
const ListQuery = z.strictObject({
  kind: z.string().max(100).optional(),
  object: z.string().max(200).optional(),
  actor: z.string().max(200).optional(),
  tenant: z.string().max(100).optional(),
  from: instant,
  to: instant,
  before: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the number of an entry')
    .transform(BigInt)
    .optional(),
  limit: z.coerce.number().int().min(1).max(LIST_MAX).default(100),
});
const ExportQuery = z.strictObject({ as: z.enum(['jsonl', 'csv'], 'must be jsonl or csv').prefault('jsonl') });

@Controller('admin/api/v1/audit')
@OpenToPrograms(true)
export class AuditController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The newest first; `before` is the `sequence` of the last entry of the page before. */
  @Allow('audit:read')
  @Get()
  async list(@Query() query: unknown) {
    const { kind, object, actor, tenant, from, to, before, limit } = checkQuery(ListQuery, query);
    const tenantId = tenant === undefined ? undefined : (await orTooLong(tenantNamed(this.parts.tenancy, tenant))).id;
    const entries = await orTooLong(
      listAudit(this.parts.db, {
        ...(kind === undefined ? {} : { objectKind: kind }),
        ...(object === undefined ? {} : { objectId: object }),
        ...(actor === undefined ? {} : { actorId: actor }),
        ...(tenantId === undefined ? {} : { tenantIds: [tenantId] }),
        ...(from === undefined ? {} : { fromMs: from }),
        ...(to === undefined ? {} : { toMs: to }),
        ...(before === undefined ? {} : { before }),
        limit,
      }),
    );
    return { entries: entries.map(auditJson) };
  }

  /** Follows the chain; `whole` says whether each entry is as it was recorded. */
  @Allow('audit:read')
  @Get('verify')
  async verify(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    const outcome = await orTooLong(verifyAudit(this.parts.db), WORK_MS_MAX);
    if (outcome.ok) return { whole: true, entries: outcome.value.sequence.toString(), hash: outcome.value.hash };
    return { whole: false, brokenAt: outcome.error.sequence.toString(), why: outcome.error.why };
  }

  /** All of it, oldest first. */
  @Allow('audit:read')
  @Get('export')
  async export(@Query() query: unknown, @Res() response: Response): Promise<void> {
    const { as } = checkQuery(ExportQuery, query);
    response.type(as === 'csv' ? 'text/csv' : 'application/jsonl');
    response.set('content-disposition', `attachment; filename="audit.${as}"`);
    // Waits for a slow reader, and stops when it has gone.
    await pipeline(textOf(wholeAudit(this.parts.db), as), response);
  }
}

async function* textOf(pages: AsyncIterable<readonly RecordedEntry[]>, as: 'jsonl' | 'csv'): AsyncGenerator<string> {
  if (as === 'csv') yield auditCsv([], true);
  for await (const page of pages)
    yield as === 'csv' ? auditCsv(page, false) : page.map((each) => `${JSON.stringify(auditJson(each))}\n`).join('');
}
