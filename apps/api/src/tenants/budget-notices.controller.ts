// `/admin/api/v1/tenants/:tenant/budget-notices`: that its spending limits, or a session's own, were used to 50, 80 or 100 %.
import { Controller, Get, Inject, Param } from '@nestjs/common';
import type { BudgetNotice } from '@trunkline/admission';
import { listBudgetNotices, listSessionBudgetNotices } from '@trunkline/admission/adapters/prisma';
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

const Noticed = {
  percent: z.int(),
  limit: Amount.meta({ description: 'US dollars, as the limit was then' }),
  spent: Amount.meta({ description: 'US dollars in the period, or of the session, when it was noticed' }),
  noticedAt: Instant,
};
const NoticesAnswer = z.strictObject({
  notices: z.array(z.strictObject({ period: z.enum(['day', 'month']), periodStart: Instant, ...Noticed })),
  sessions: z.array(z.strictObject({ session: z.string(), key: z.string().nullable(), ...Noticed })),
});

@Controller('admin/api/v1/tenants/:tenant/budget-notices')
@OpenToPrograms(true)
export class BudgetNoticesController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('tenants:read', 'tenant')
  @Answers(NoticesAnswer, {
    says: 'The newest 500 times that a budget of the tenant, or of one of its sessions, was used to 50, 80 or 100 %.',
  })
  @Get()
  async all(@Param('tenant') tenant: string) {
    const { id } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    const [notices, sessions] = await orTooLong(
      Promise.all([
        listBudgetNotices(this.parts.db, [id], NOTICES_MAX),
        listSessionBudgetNotices(this.parts.db, [id], NOTICES_MAX),
      ]),
    );
    return { notices: notices.flatMap(periodView), sessions: sessions.flatMap(sessionView) };
  }
}

type Answer = z.output<typeof NoticesAnswer>;

function periodView(notice: BudgetNotice): Answer['notices'] {
  const { period, periodStartMs } = notice;
  return period === 'session' ? [] : [{ period, periodStart: isoOf(periodStartMs), ...noticed(notice) }];
}

function sessionView(notice: BudgetNotice): Answer['sessions'] {
  const { session } = notice;
  return session === null ? [] : [{ session: session.sessionId, key: session.keyId, ...noticed(notice) }];
}

function noticed({ percent, limit, spent, noticedAtMs }: BudgetNotice) {
  return { percent, limit: formatAmount(limit), spent: formatAmount(spent), noticedAt: isoOf(noticedAtMs) };
}
