// Rows as alerting speaks of them. What a newer release stored and this one cannot read is left out, and not guessed.
import { trustedId } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import { z } from 'zod';
import {
  ALERT_KIND_NAMES,
  CHANNEL_KINDS,
  isAlertKind,
  SEVERITIES,
  type Alert,
  type AlertChannel,
  type AlertDelivery,
  type AlertMessage,
  type AlertOwner,
  type AlertRule,
} from '../../index.js';

/** Whose a row is. */
export function ownerOf(tenantId: string | null): AlertOwner {
  return tenantId === null ? null : trustedId('tnt', tenantId);
}

/** A channel, as far as it may be shown. */
export function channelOf(row: Prisma.AlertChannelGetPayload<object>): AlertChannel {
  const kind = z.enum(CHANNEL_KINDS).parse(row.kind);
  const { name, target, enabled } = row;
  return {
    ...{ id: trustedId('alc', row.id), owner: ownerOf(row.tenantId), name, kind, target, enabled },
    version: row.version.toString(),
  };
}

/** A rule. @param names of channels by id; one that is gone is left out */
export function ruleOf(row: Prisma.AlertRuleGetPayload<object>, names: ReadonlyMap<string, string>): AlertRule[] {
  const severity = severityOf(row.severity);
  if (!isAlertKind(row.kind) || severity === null) return [];
  const { name, kind, threshold, forMs, enabled, channelIds } = row;
  return [
    {
      ...{
        id: trustedId('alr', row.id),
        owner: ownerOf(row.tenantId),
        name,
        kind,
        threshold,
        forMs,
        severity,
        enabled,
      },
      repeatMs: row.repeatMs === null ? null : Number(row.repeatMs),
      channels: channelIds.flatMap((id) => names.get(id) ?? []),
      version: row.version.toString(),
    },
  ];
}

/** An alert that fired once. */
export function alertOf(row: Prisma.AlertGetPayload<object>): Alert[] {
  const severity = severityOf(row.severity);
  if (!isAlertKind(row.kind) || severity === null || row.firedAt === null) return [];
  const { kind, threshold, subject, detail, value } = row;
  return [
    {
      ...{ id: trustedId('alt', row.id), ruleId: trustedId('alr', row.ruleId), rule: row.ruleName },
      ...{ owner: ownerOf(row.tenantId), tenantId: ownerOf(row.causeTenantId) },
      ...{ kind, severity, threshold, subject, detail, value },
      state: row.state === 'resolved' ? 'resolved' : 'firing',
      ...{ firedMs: row.firedAt.getTime(), resolvedMs: row.resolvedAt?.getTime() ?? null },
    },
  ];
}

/** A delivery. */
export function deliveryOf(row: Prisma.AlertDeliveryGetPayload<object>): AlertDelivery[] {
  const read = storedDelivery.safeParse(row);
  if (!read.success) return [];
  const { attempts, problem } = row;
  return [
    {
      ...read.data,
      ...{ id: trustedId('ald', row.id), channelId: trustedId('alc', row.channelId), owner: ownerOf(row.tenantId) },
      ...{ alertId: row.alertId === null ? null : trustedId('alt', row.alertId), attempts, problem },
      ...{ createdMs: row.createdAt.getTime(), nextMs: row.nextAt.getTime(), doneMs: row.doneAt?.getTime() ?? null },
    },
  ];
}

const event = z.enum(['fired', 'repeated', 'resolved', 'test']);
const storedMessage: z.ZodType<AlertMessage> = z.object({
  ...{ event, alertId: z.string().nullable(), rule: z.string(), kind: z.enum([...ALERT_KIND_NAMES, 'test']) },
  ...{ severity: z.enum(SEVERITIES), tenantId: z.string().nullable(), subject: z.string(), detail: z.string() },
  ...{ value: z.number(), threshold: z.number(), unit: z.string(), at: z.string(), firedAt: z.string().nullable() },
});
const storedDelivery = z.object({ event, state: z.enum(['waiting', 'sent', 'dead']), message: storedMessage });

function severityOf(text: string) {
  return SEVERITIES.find((each) => each === text) ?? null;
}
