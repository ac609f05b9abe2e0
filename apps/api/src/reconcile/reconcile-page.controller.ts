import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import { findRun, listRuns } from '@trunkline/reporting/adapters/prisma';
import { Allow } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { orTooLong } from '../reads/read-within.js';
import { runPage, runsPage } from './reconcile-page.js';

const RUNS_SHOWN = 100;

/** `/admin/reconciliation`: day by day, how our books and the vendor's agree, for people. */
@Controller('admin/reconciliation')
export class ReconcilePageController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('reconciliation:read')
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  async runs(): Promise<string> {
    return runsPage(await orTooLong(listRuns(this.parts.db, RUNS_SHOWN)));
  }

  @Allow('reconciliation:read')
  @Get(':id')
  @Header('content-type', 'text/html; charset=utf-8')
  async run(@Param('id') id: string): Promise<string> {
    const found = await orTooLong(findRun(this.parts.db, id));
    if (found === null) throw new RefusedRequest('run_not_found', { detail: 'See /admin/reconciliation.' });
    return runPage(found.run, found.differences, found.notes);
  }
}
