// `/admin/api/v1/pools`: how the pools stand, for programs.
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { boundedStatus } from '@trunkline/admission';
import { z } from 'zod';
import { OpenToOperator } from '../access/admin.guard.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { RefusedRequest } from '../http/problem.js';

// An answer of a few hundred kilobytes; whoever wants everybody reads the store. The totals tell what is left out.
const ENTRIES_MAX = 1_000;

const NoQuery = z.strictObject({});

@Controller('admin/api/v1/pools')
@OpenToOperator(true)
export class PoolsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** All pools in numbers. */
  @Get()
  async all(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    return { pools: await this.parts.pools.all() };
  }

  /** One pool with its tenants, lines and waiting calls; `named`: slug or id. */
  @Get(':named')
  async one(@Param('named') named: string, @Query() query: unknown) {
    checkQuery(NoQuery, query);
    const status = await this.parts.pools.one(named);
    if (status) return boundedStatus(status, ENTRIES_MAX);
    const detail = 'There is no pool of this slug or id: /admin/api/v1/pools lists those that there are.';
    throw new RefusedRequest('pool_not_found', { detail });
  }
}
