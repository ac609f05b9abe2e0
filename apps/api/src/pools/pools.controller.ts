// `/admin/api/v1/pools`: how the pools stand, for programs.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { boundedStatus, NoSuchPage } from '@trunkline/admission';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';

// An answer of a few hundred kilobytes. The totals tell what is left out, and `nextLines` where more lines are.
const ENTRIES_MAX = 1_000;

const NoQuery = z.strictObject({});
const LINES = `must be a number of lines from 0 to ${ENTRIES_MAX}`;
const OneQuery = z.strictObject({
  lines: z.coerce
    .number({ error: LINES })
    .refine((lines) => Number.isInteger(lines) && lines >= 0 && lines <= ENTRIES_MAX, { error: LINES })
    .default(0),
  after: z
    .string()
    .regex(/^\w{1,64}$/, { error: 'must be the nextLines of an answer before' })
    .nullable()
    .default(null),
});

@Controller('admin/api/v1/pools')
@OpenToPrograms(true)
export class PoolsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** All pools in numbers. */
  @Allow('pools:read')
  @Get()
  async all(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    return { pools: await this.parts.pools.all() };
  }

  /**
   * One pool with its tenants and waiting calls; `named`: slug or id. `?lines=` adds about so many lines, `&after=` the
   * next ones.
   */
  @Allow('pools:read')
  @Get(':named')
  async one(@Param('named') named: string, @Query() query: unknown) {
    const { lines: linesMax, after } = checkQuery(OneQuery, query);
    const asked = linesMax === 0 ? null : { linesMax, after };
    const status = await this.parts.pools.one(named, asked).catch(refusePage);
    if (status) return boundedStatus(status, ENTRIES_MAX);
    const detail = 'There is no pool of this slug or id: /admin/api/v1/pools lists those that there are.';
    throw new RefusedRequest('pool_not_found', { detail });
  }
}

function refusePage(error: unknown): never {
  if (!(error instanceof NoSuchPage)) throw error;
  throw new RefusedRequest('invalid_query', { detail: 'after must be the nextLines of an answer before.' });
}
