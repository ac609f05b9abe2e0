import { Controller, Get, Inject } from '@nestjs/common';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { loadOverview } from './load-overview.js';
import { overviewView } from './overview-view.js';

/** `/admin/api/v1/overview`: how full the pools are, what is open, what today cost, and whether the books keep up. */
@Controller('admin/api/v1/overview')
@OpenToPrograms(true)
export class OverviewController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('overview:read')
  @Get()
  async overview() {
    return overviewView(await loadOverview(this.parts));
  }
}
