// `/admin/api/v1/export-schedules`: exports that the worker makes and delivers by itself.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { EXPORT_FORMATS } from '@trunkline/reporting/adapters/export';
import {
  createSchedule,
  enableSchedule,
  listSchedules,
  type ExportScheduleRecord,
  type Reported,
} from '@trunkline/reporting/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { personNamed } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { madeOnceAs } from '../http/make-once.js';
import { RefusedRequest } from '../http/problem.js';
import { readJson } from '../http/read-json.js';
import { Repeatable } from '../openapi/headers.js';
import { answered, tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';

const FORMAT_IDS = EXPORT_FORMATS.map(({ id }) => id);
const NoQuery = z.strictObject({});
const NoBody = z.strictObject({});
/** What there is of formats, cadences, options and targets is checked, and said, where schedules are made. */
const ScheduleBody = z.strictObject({
  format: z.string(),
  cadence: z.string(),
  tenant: z.string().nullable().default(null),
  options: z.record(z.string(), z.json()).default({}),
  target: z.json().default(null),
});

@Controller('admin/api/v1/export-schedules')
@OpenToPrograms(true)
export class SchedulesController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** All of them. */
  @Allow('exports:read')
  @Get()
  async all(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    return { schedules: await orTooLong(listSchedules(this.parts.db)) };
  }

  /** Makes one. */
  @Allow('exports:write')
  @Repeatable()
  @Post()
  async create(@Req() request: Request) {
    const { tenant, ...body } = await readJson(ScheduleBody, request);
    const tenantId = tenant === null ? null : (await tenantNamed(this.parts.tenancy, tenant)).id;
    const asked = { ...body, tenantId, createdBy: personNamed(request) };
    return madeOnceAs(this.parts, request, {
      ...{ change: { kind: 'export_schedule', id: null, asked }, body: asked, answer: z.unknown() },
      make: (db) => db.$transaction((tx) => createSchedule(tx, asked, FORMAT_IDS)),
      valueOf: (outcome: Awaited<Reported<ExportScheduleRecord>>) => answered(outcome),
      view: (schedule: ExportScheduleRecord) => schedule,
    });
  }

  /** Stops it: it asks for nothing any more. What it asked for is made and delivered. */
  @Allow('exports:write')
  @Post(':id/stop')
  @HttpCode(200)
  stop(@Param('id') id: string, @Req() request: Request) {
    return this.#enable(id, false, request);
  }

  /** Lets it go on. */
  @Allow('exports:write')
  @Post(':id/resume')
  @HttpCode(200)
  resume(@Param('id') id: string, @Req() request: Request) {
    return this.#enable(id, true, request);
  }

  async #enable(id: string, enabled: boolean, request: Request) {
    await readJson(NoBody, request);
    const db = auditedDb(this.parts.db, request, { kind: 'export_schedule', id, asked: { enabled } });
    const outcome = await db.$transaction((tx) => enableSchedule(tx, id, enabled));
    if (outcome.ok) return outcome.value;
    const detail = 'There is no schedule with this id: /admin/api/v1/export-schedules lists them.';
    throw new RefusedRequest('export_schedule_not_found', { detail });
  }
}
