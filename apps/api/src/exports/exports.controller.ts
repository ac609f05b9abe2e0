// `/admin/api/v1/exports`: asks for exports, lists them, hands out their files. What is asked for is done by the worker.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { LINK_MS, type ExportedFile } from '@trunkline/reporting';
import { EXPORT_FORMATS, folderOf } from '@trunkline/reporting/adapters/export';
import {
  findExport,
  listExports,
  requestRun,
  retryRun,
  type ExportRunRecord,
  type Reported,
} from '@trunkline/reporting/adapters/prisma';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { personNamed } from '../access/access-of.js';
import { Allow, OpenToPrograms, OpenWithoutSession } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts, type ExportAccess } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { madeOnceAs } from '../http/make-once.js';
import { RefusedRequest } from '../http/problem.js';
import { Repeatable } from '../openapi/headers.js';
import { answered, tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { runView } from './export-views.js';

const LISTED_MAX = 200;
const FORMAT_IDS = EXPORT_FORMATS.map(({ id }) => id);

const NoQuery = z.strictObject({});
const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');
const RunQuery = z.strictObject({
  format: z.string(),
  period: z.string(),
  tenant: z.string().optional(),
  focusVersion: z.string().optional(),
  separator: z.string().optional(),
  decimalComma: flag.optional(),
});
const LinkQuery = z.strictObject({ expires: z.coerce.number().int(), signature: z.string().max(100) });

@Controller('admin/api/v1/exports')
@OpenToPrograms(true)
export class ExportsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The newest runs, and the formats there are. */
  @Allow('exports:read')
  @Get()
  async all(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    const runs = await orTooLong(listExports(this.parts.db, LISTED_MAX));
    return { formats: EXPORT_FORMATS.map(({ id, describes }) => ({ id, describes })), exports: runs.map(runView) };
  }

  /** Asks for a run. */
  @Allow('exports:write')
  @Repeatable()
  @Post()
  @HttpCode(202)
  async ask(@Query() query: unknown, @Req() request: Request) {
    const { format, period, tenant, ...options } = checkQuery(RunQuery, query);
    const tenantId = tenant === undefined ? null : (await tenantNamed(this.parts.tenancy, tenant)).id;
    const asked = { format, period, tenantId, options, requestedBy: personNamed(request) };
    const making = madeOnceAs(this.parts, request, {
      ...{ change: { kind: 'export', id: null, asked }, body: asked, answer: z.unknown(), view: runView },
      make: (db) => db.$transaction((tx) => requestRun(tx, asked, FORMAT_IDS)),
      valueOf: (outcome: Awaited<Reported<ExportRunRecord>>) => answered(outcome),
    });
    return orTooLong(making);
  }

  /** One run; of a finished one, links that work for a quarter of an hour. */
  @Allow('exports:read')
  @Get(':id')
  async one(@Param('id') id: string, @Query() query: unknown) {
    checkQuery(NoQuery, query);
    const run = await this.#run(id);
    const { links } = this.#access();
    const expires = this.parts.tenancy.clock.nowMs() + LINK_MS;
    const files = run.purgedAtMs === null ? [...(run.manifest?.files ?? []), ...manifestOf(run)] : [];
    const fileLinks = files.map(({ name }) => {
      const signature = links.sign({ runId: run.id, file: name, expiresAtMs: expires });
      const path = `/admin/api/v1/exports/${run.id}/files/${encodeURIComponent(name)}`;
      return { name, href: `${path}?expires=${expires}&signature=${signature}` };
    });
    return { ...runView(run), links: fileLinks };
  }

  /** Lets the worker begin again with a run that failed. */
  @Allow('exports:write')
  @Post(':id/retry')
  @HttpCode(202)
  async retry(@Param('id') id: string, @Query() query: unknown, @Req() request: Request) {
    checkQuery(NoQuery, query);
    const { id: runId, status } = await this.#run(id);
    const db = auditedDb(this.parts.db, request, { kind: 'export', id: runId, asked: {} });
    if (await orTooLong(db.$transaction((tx) => retryRun(tx, runId)))) return runView(await this.#run(id));
    const detail = `It did not fail, it is ${status}: ask for another export instead.`;
    throw new RefusedRequest('export_not_failed', { detail });
  }

  /** A file, for who has its link. The link alone says so: no sign-in, and nothing else is reached by it. */
  @Get(':id/files/:name')
  @OpenWithoutSession(true)
  async file(
    @Param('id') id: string,
    @Param('name') name: string,
    @Query() query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const { links, place } = this.#access();
    const link = LinkQuery.safeParse(query);
    const nowMs = this.parts.tenancy.clock.nowMs();
    const given = link.success ? { runId: id, file: name, expiresAtMs: link.data.expires } : null;
    if (given === null || !link.success || !links.isValid(given, link.data.signature, nowMs)) throw linkRefused();
    const run = await this.#run(id);
    const file = [...(run.manifest?.files ?? []), ...manifestOf(run)].find((each) => each.name === name);
    if (file === undefined) throw linkRefused();
    const path = join(folderOf(place, run.id), file.name);
    const found = await stat(path).catch(() => null);
    if (found === null) throw gone();
    response.set({
      'content-type': file.contentType,
      'content-length': String(found.size),
      'content-disposition': `attachment; filename="${file.name}"`,
    });
    await pipeline(createReadStream(path), response);
  }

  async #run(id: string): Promise<ExportRunRecord> {
    const run = await orTooLong(findExport(this.parts.db, id));
    if (run) return run;
    const detail = 'There is no export with this id: /admin/api/v1/exports lists those that there are.';
    throw new RefusedRequest('export_not_found', { detail });
  }

  #access(): ExportAccess {
    if (this.parts.exports !== null) return this.parts.exports;
    const detail = 'This process was not told where exports are kept: see --export-dir.';
    throw new RefusedRequest('exports_not_here', { detail });
  }
}

function manifestOf(run: ExportRunRecord): readonly Pick<ExportedFile, 'name' | 'contentType'>[] {
  return run.manifest === null ? [] : [{ name: 'manifest.json', contentType: 'application/json' }];
}

// The same words for a wrong, a foreign and an expired link: which of them it is helps only who tries.
function linkRefused(): RefusedRequest {
  const detail = 'The link is not valid or has expired: ask for the export again to get a new one.';
  return new RefusedRequest('download_refused', { detail });
}

function gone(): RefusedRequest {
  const detail = 'The files were thrown away after the days that exports are kept, or are on another machine.';
  return new RefusedRequest('files_are_gone', { detail });
}
