// Alerts, rules, channels and deliveries as JSON, and what the document says of them. Durations are milliseconds.
import {
  ALERT_KIND_NAMES,
  CHANNEL_KINDS,
  SEVERITIES,
  specOf,
  type Alert,
  type AlertChannel,
  type AlertDelivery,
  type AlertRule,
} from '@trunkline/alerting';
import type { CreatedChannel } from '@trunkline/alerting/adapters/prisma';
import { z } from 'zod';
import { Next } from '../http/page-query.js';
import { Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

const Kind = z.enum(ALERT_KIND_NAMES);
const Severity = z.enum(SEVERITIES);
const Unit = z.enum(['percent', 'seconds', 'days', 'events', 'findings_per_hour']);
const Owner = z.string().nullable().meta({ description: 'the tenant whose own it is; null: the company’s' });

/** An alert. */
export const AlertAnswer = z.strictObject({
  ...{ id: z.string(), tenant: Owner, rule: z.string(), kind: Kind, severity: Severity },
  state: z.enum(['firing', 'resolved']),
  about: z.string().nullable().meta({ description: 'the tenant that it is about' }),
  ...{ subject: z.string(), detail: z.string(), value: z.number(), threshold: z.number(), unit: Unit },
  ...{ firedAt: Instant, resolvedAt: Instant.nullable() },
});
export const AlertsAnswer = z.strictObject({ alerts: z.array(AlertAnswer), next: Next });

/** A rule. */
export const RuleAnswer = z.strictObject({
  ...{ id: z.string(), tenant: Owner, name: z.string(), kind: Kind, threshold: z.number(), unit: Unit },
  ...{ forMs: z.int(), severity: Severity, repeatMs: z.int().nullable(), enabled: z.boolean() },
  channels: z.array(z.string()),
});
export const RulesAnswer = z.strictObject({ rules: z.array(RuleAnswer) });

/** A channel. */
export const ChannelAnswer = z.strictObject({
  ...{ id: z.string(), tenant: Owner, name: z.string(), kind: z.enum(CHANNEL_KINDS), enabled: z.boolean() },
  target: z.array(z.string()).meta({ description: 'what may be shown of where it goes' }),
});
export const ChannelsAnswer = z.strictObject({ channels: z.array(ChannelAnswer) });
export const NewChannelAnswer = ChannelAnswer.extend({
  secret: z.string().nullable().meta({ description: 'what signatures are checked with, where it was made here' }),
});

/** A message to a channel. */
export const DeliveryAnswer = z.strictObject({
  id: z.string().meta({ description: 'what receivers know a repeated message by' }),
  ...{ tenant: Owner, channelId: z.string(), channel: z.string().nullable(), alertId: z.string().nullable() },
  event: z.enum(['fired', 'repeated', 'resolved', 'test']),
  state: z.enum(['waiting', 'sent', 'dead']),
  ...{ attempts: z.int(), problem: z.string().nullable(), subject: z.string() },
  ...{ createdAt: Instant, nextAt: Instant.nullable(), doneAt: Instant.nullable() },
});
export const DeliveriesAnswer = z.strictObject({ deliveries: z.array(DeliveryAnswer), next: Next });

/** An alert. */
export function alertView(alert: Alert): z.output<typeof AlertAnswer> {
  const { id, owner, rule, kind, severity, state, tenantId, subject, detail, value, threshold, firedMs, resolvedMs } =
    alert;
  return {
    ...{ id, tenant: owner, rule, kind, severity, state, about: tenantId },
    ...{ subject, detail, value, threshold, unit: specOf(kind).unit },
    ...{ firedAt: isoOf(firedMs), resolvedAt: resolvedMs === null ? null : isoOf(resolvedMs) },
  };
}

/** A rule. */
export function ruleView({ version: _, owner, channels, ...rule }: AlertRule): z.output<typeof RuleAnswer> {
  return { ...rule, tenant: owner, unit: specOf(rule.kind).unit, channels: [...channels] };
}

/** A channel. */
export function channelView({ version: _, owner, target, ...channel }: AlertChannel): z.output<typeof ChannelAnswer> {
  return { ...channel, tenant: owner, target: [...target] };
}

/** A channel that was just made. */
export function newChannelView({ channel, secret }: CreatedChannel): z.output<typeof NewChannelAnswer> {
  return { ...channelView(channel), secret };
}

/** A delivery. @param name of its channel; null: it is gone */
export function deliveryView(delivery: AlertDelivery, name: string | null): z.output<typeof DeliveryAnswer> {
  const { id, owner, channelId, alertId, event, state, attempts, problem, message, createdMs, nextMs, doneMs } =
    delivery;
  return {
    ...{
      id,
      tenant: owner,
      channelId,
      channel: name,
      alertId,
      event,
      state,
      attempts,
      problem,
      subject: message.subject,
    },
    ...{ createdAt: isoOf(createdMs), nextAt: state === 'waiting' ? isoOf(nextMs) : null },
    doneAt: doneMs === null ? null : isoOf(doneMs),
  };
}
