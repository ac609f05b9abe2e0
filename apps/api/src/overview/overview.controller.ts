import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { loadOverview } from './load-overview.js';
import { overviewPage } from './overview-page.js';

const OverviewQuery = z.strictObject({ refresh: z.enum(['on', 'off'], 'must be on or off').prefault('on') });

/** `/admin`: the overview for people. */
@Controller('admin')
export class OverviewController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('overview:read')
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  async overview(@Query() query: unknown): Promise<string> {
    const { refresh } = checkQuery(OverviewQuery, query);
    return overviewPage(await loadOverview(this.parts), { refreshes: refresh === 'on' });
  }
}
