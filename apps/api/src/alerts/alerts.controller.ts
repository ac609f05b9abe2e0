// `/admin/api/v1/alerts`: what is wrong now and was, and what was told of it.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { listAlerts, listChannels, listDeliveries, resendDelivery } from '@trunkline/alerting/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { accessOf } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { pageQuery } from '../http/page-query.js';
import { Answers } from '../openapi/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { AlertsAnswer, alertView, DeliveriesAnswer, DeliveryAnswer, deliveryView } from './alert-answers.js';
import { ownerAsked, ownerOf, OwnerQuery } from './alert-owner.js';

const AlertsQuery = pageQuery(['firing', 'resolved']).omit({ q: true });
const DeliveriesQuery = pageQuery(['waiting', 'sent', 'dead']).omit({ q: true }).extend(OwnerQuery.shape);

@Controller('admin/api/v1/alerts')
@OpenToPrograms(true)
export class AlertsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Of the company's rules and every tenant's own, or of those tenants that one's roles are for. */
  @Allow('alerts:read', 'tenants')
  @Answers(AlertsAnswer, { says: 'Alerts that fired, the newest first, page by page.' })
  @Get()
  async all(
    @Query({ schema: AlertsQuery }) { limit, ...query }: z.output<typeof AlertsQuery>,
    @Req() request: Request,
  ) {
    const owners = accessOf(request).scope.ids;
    const rows = await orTooLong(listAlerts(this.parts.db, { ...query, owners, limit: limit + 1 }));
    return { alerts: rows.slice(0, limit).map(alertView), next: nextOf(rows, limit) };
  }

  @Allow('alerts:read', 'tenant')
  @Answers(DeliveriesAnswer, {
    says: 'Messages to channels, the newest first; `?state=dead`: those that were given up.',
  })
  @Get('deliveries')
  async deliveries(@Query({ schema: DeliveriesQuery }) query: z.output<typeof DeliveriesQuery>) {
    const { tenant, limit, ...page } = query;
    const owner = await ownerAsked(this.parts, { tenant });
    const names = await this.namesOf(owner);
    const rows = await orTooLong(listDeliveries(this.parts.db, { ...page, owner, limit: limit + 1 }));
    const views = rows.slice(0, limit).map((each) => deliveryView(each, names.get(each.channelId) ?? null));
    return { deliveries: views, next: nextOf(rows, limit) };
  }

  @Allow('alerts:write', 'tenant')
  @Answers(DeliveryAnswer, { says: 'Sends a dead letter again, under the same id, for another day.' })
  @Post('deliveries/:delivery/resend')
  @HttpCode(200)
  async resend(
    @Param('delivery') id: string,
    @Query({ schema: OwnerQuery }) query: OwnerQuery,
    @Req() request: Request,
  ) {
    const owner = await ownerAsked(this.parts, query);
    const change = { kind: 'alert_delivery', id, ...ownerOf(owner), asked: 'resend', withoutResult: true };
    const db = auditedDb(this.parts.db, request, change);
    const delivery = administered(await resendDelivery({ ...this.parts.tenancy, db }, owner, id));
    return deliveryView(delivery, (await this.namesOf(owner)).get(delivery.channelId) ?? null);
  }

  private async namesOf(owner: Awaited<ReturnType<typeof ownerAsked>>): Promise<ReadonlyMap<string, string>> {
    return new Map((await orTooLong(listChannels(this.parts.db, owner))).map(({ id, name }) => [id, name]));
  }
}

function nextOf(rows: readonly { readonly id: string }[], limit: number): string | null {
  return rows.length > limit ? (rows[limit - 1]?.id ?? null) : null;
}
