// `/admin/api/v1/reconciliation`: runs of reconciliation for programs, with what was found and what was said about it.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { findRun, listRuns } from '@trunkline/reporting/adapters/prisma';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';
import { orTooLong } from '../reads/read-within.js';

const RUNS_MAX = 1_000;
const LIMIT = `must be a whole number from 1 to ${RUNS_MAX}`;
const ListQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, LIMIT)
    .transform(Number)
    .refine((limit) => limit <= RUNS_MAX, LIMIT)
    .prefault('100'),
});
const NoQuery = z.strictObject({});

@Controller('admin/api/v1/reconciliation')
@OpenToPrograms(true)
export class ReconcileController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The newest runs, newest first. */
  @Allow('reconciliation:read')
  @Get()
  async runs(@Query() query: unknown) {
    const { limit } = checkQuery(ListQuery, query);
    return { runs: await orTooLong(listRuns(this.parts.db, limit)) };
  }

  /** One run with its differences and notes. */
  @Allow('reconciliation:read')
  @Get(':id')
  async run(@Param('id') id: string, @Query() query: unknown) {
    checkQuery(NoQuery, query);
    const found = await orTooLong(findRun(this.parts.db, id));
    if (found) return found;
    throw new RefusedRequest('run_not_found', { detail: 'See /admin/api/v1/reconciliation for those that there are.' });
  }
}
