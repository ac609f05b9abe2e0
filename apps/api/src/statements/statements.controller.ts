// Statements: a page for people at `/admin/statements/...`, CSV and JSON for programs below `/admin/api/v1`.
import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { parsePeriod, type Period } from '@trunkline/ledger';
import { statementCsv, statementJson, UNASSIGNED, type Statement } from '@trunkline/reporting';
import { writeStatement } from '@trunkline/reporting/adapters/export';
import { STATEMENT_STYLE_SOURCE, statementPage } from '@trunkline/reporting/adapters/html';
import type { Response } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';
import { tenantNamed } from '../reads/answers.js';

const NoQuery = z.strictObject({});
const FormQuery = z.strictObject({ as: z.enum(['json', 'csv'], 'must be json or csv').prefault('json') });

/** For people; printable, or saved as PDF by the browser. */
@Controller('admin/statements')
export class StatementPageController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Of a tenant (slug or id). */
  @Allow('statements:read')
  @Get(':period/tenants/:tenant')
  async tenant(
    @Param('period') period: string,
    @Param('tenant') named: string,
    @Query() query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    checkQuery(NoQuery, query);
    sendPage(response, await statementOf(this.parts, period, { tenant: named }));
  }

  /** Of a cost centre, or of what belongs to none. */
  @Allow('statements:read')
  @Get(':period/cost-centres/:code')
  async costCentre(
    @Param('period') period: string,
    @Param('code') code: string,
    @Query() query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    checkQuery(NoQuery, query);
    sendPage(response, await statementOf(this.parts, period, { costCentre: code }));
  }
}

/** For programs. */
@Controller('admin/api/v1/statements')
@OpenToPrograms(true)
export class StatementsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Of a tenant (slug or id). */
  @Allow('statements:read')
  @Get(':period/tenants/:tenant')
  async tenant(
    @Param('period') period: string,
    @Param('tenant') named: string,
    @Query() query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const { as } = checkQuery(FormQuery, query);
    sendText(response, as, await statementOf(this.parts, period, { tenant: named }));
  }

  /** Of a cost centre, or of what belongs to none. */
  @Allow('statements:read')
  @Get(':period/cost-centres/:code')
  async costCentre(
    @Param('period') period: string,
    @Param('code') code: string,
    @Query() query: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const { as } = checkQuery(FormQuery, query);
    sendText(response, as, await statementOf(this.parts, period, { costCentre: code }));
  }
}

type Whose = { readonly tenant: string } | { readonly costCentre: string };

async function statementOf({ exports, tenancy, rows }: ApiRouteParts, month: string, whose: Whose): Promise<Statement> {
  if (exports === null)
    throw new RefusedRequest('exports_not_here', { detail: 'This process cannot read the books for statements.' });
  const period = periodOf(month);
  const request =
    'tenant' in whose
      ? { period, tenantId: (await tenantNamed(tenancy, whose.tenant)).id }
      : { period, costCentre: whose.costCentre === UNASSIGNED ? null : whose.costCentre };
  const statement = await writeStatement(exports.place, request, await rows.tenants());
  if (statement) return statement;
  const detail = 'There is no cost centre with this code: /admin/api/v1/cost-centres lists those that there are.';
  throw new RefusedRequest('cost_centre_not_found', { detail });
}

function periodOf(text: string): Period {
  const period = parsePeriod(text);
  if (period !== null) return period;
  const detail = 'The period must be a month such as 2026-11.';
  throw new RefusedRequest('invalid_query', { detail, errors: [{ parameter: 'period', detail }] });
}

function sendPage(response: Response, statement: Statement): void {
  const policy = `default-src 'none'; style-src ${STATEMENT_STYLE_SOURCE}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  response.set('content-security-policy', policy).type('html').send(statementPage(statement));
}

function sendText(response: Response, as: 'json' | 'csv', statement: Statement): void {
  if (as === 'json') response.type('json').send(statementJson(statement));
  else response.type('text/csv').send(statementCsv(statement));
}
