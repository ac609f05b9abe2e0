// `/admin/api/v1/tenants/:tenant/budget-notices`: that its spending limits were used to 50, 80 or 100 %.
import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { BudgetNotice } from '@trunkline/admission';
import { listBudgetNotices } from '@trunkline/admission/adapters/prisma';
import { formatAmount } from '@trunkline/kernel';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { Answers } from '../openapi/answers.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { Amount, Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

const NOTICES_MAX = 500;

const NoticesAnswer = z.strictObject({
  notices: z.array(
    z.strictObject({
      ...{ period: z.enum(['day', 'month']), periodStart: Instant, percent: z.int() },
      limit: Amount.meta({ description: 'US dollars, as the limit was then' }),
      spent: Amount.meta({ description: 'US dollars in the period, when it was noticed' }),
      noticedAt: Instant,
    }),
  ),
});

@Controller('admin/api/v1/tenants/:tenant/budget-notices')
@OpenToPrograms(true)
export class BudgetNoticesController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('tenants:read', 'tenant')
  @Answers(NoticesAnswer, { says: 'The newest 500 times that a budget of the tenant was used to 50, 80 or 100 %.' })
  @Get()
  async all(@Param('tenant') tenant: string) {
    const { id } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    return { notices: (await orTooLong(listBudgetNotices(this.parts.db, [id], NOTICES_MAX))).map(noticeView) };
  }
}

function noticeView(notice: BudgetNotice): z.output<typeof NoticesAnswer>['notices'][number] {
  const { period, periodStartMs, percent, limit, spent, noticedAtMs } = notice;
  return {
    ...{ period, periodStart: isoOf(periodStartMs), percent, limit: formatAmount(limit), spent: formatAmount(spent) },
    noticedAt: isoOf(noticedAtMs),
  };
}
