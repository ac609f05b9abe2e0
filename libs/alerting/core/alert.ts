// Rules, channels, alerts and deliveries as everybody here speaks of them, and what somebody is told. A message is written when
// the event happens and never again: each try to deliver it sends the same words under the same id.
import type { AlertChannelId, AlertDeliveryId, AlertId, AlertRuleId, TenantId } from '@trunkline/kernel';
import type { AlertKind } from './alert-kind.js';
import { specOf } from './alert-kind.js';
import type { ChannelKind, Severity } from './alert-inputs.js';
import type { WatchEvent, WatchTerms } from './watch.js';

/** Whose it is: the company's, or one tenant's own. */
export type AlertOwner = TenantId | null;

/** What to look for, and whom to tell. */
export interface AlertRule {
  readonly id: AlertRuleId;
  readonly owner: AlertOwner;
  readonly name: string;
  readonly kind: AlertKind;
  /** In the kind's unit. */
  readonly threshold: number;
  readonly forMs: number;
  readonly severity: Severity;
  readonly repeatMs: number | null;
  readonly enabled: boolean;
  /** Of the same owner, by name. */
  readonly channels: readonly string[];
  /** Another one after each change. */
  readonly version: string;
}

/** A way to tell somebody. */
export interface AlertChannel {
  readonly id: AlertChannelId;
  readonly owner: AlertOwner;
  readonly name: string;
  readonly kind: ChannelKind;
  /** What may be shown of where it goes: addresses of mail, an address of the web without what may be secret in it. */
  readonly target: readonly string[];
  readonly enabled: boolean;
  readonly version: string;
}

/** Something that is wrong now, as it was measured. */
export interface Cause {
  /** The same for the same thing, however often it is measured. */
  readonly key: string;
  /** The tenant that it is about; null: what all share. */
  readonly tenantId: TenantId | null;
  /** What it is about, in a few words: a tenant and a period, a pool, a model. */
  readonly subject: string;
  /** In the kind's unit. */
  readonly value: number;
  /** A sentence with what to do. */
  readonly detail: string;
}

/** What was measured, by kind. A kind that is not in it could not be measured: nothing is concluded about it. */
export type Measured = ReadonlyMap<AlertKind, readonly Cause[]>;

/** An alert, now or in the past. */
export interface Alert extends Omit<Cause, 'key'> {
  readonly id: AlertId;
  readonly ruleId: AlertRuleId;
  readonly rule: string;
  readonly owner: AlertOwner;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly threshold: number;
  readonly state: 'firing' | 'resolved';
  readonly firedMs: number;
  readonly resolvedMs: number | null;
}

/** What is told; `test` when somebody tries a channel. */
export type DeliveryEvent = WatchEvent | 'test';

/** A message to one channel. */
export interface AlertDelivery {
  /** What receivers know a repeated message by. */
  readonly id: AlertDeliveryId;
  readonly channelId: AlertChannelId;
  readonly owner: AlertOwner;
  readonly alertId: AlertId | null;
  readonly event: DeliveryEvent;
  readonly message: AlertMessage;
  readonly state: 'waiting' | 'sent' | 'dead';
  readonly attempts: number;
  /** Why the last try failed; null: none has. */
  readonly problem: string | null;
  readonly createdMs: number;
  readonly nextMs: number;
  readonly doneMs: number | null;
}

/** What receivers are told of an alert. */
export interface AlertMessage {
  readonly event: DeliveryEvent;
  readonly alertId: string | null;
  readonly rule: string;
  readonly kind: AlertKind | 'test';
  readonly severity: Severity;
  readonly tenantId: string | null;
  readonly subject: string;
  readonly detail: string;
  readonly value: number;
  readonly threshold: number;
  readonly unit: string;
  /** ISO instants. */
  readonly at: string;
  readonly firedAt: string | null;
}

/** What a rule asks of each cause. */
export function termsOf({
  kind,
  threshold,
  forMs,
  repeatMs,
}: Pick<AlertRule, 'kind' | 'threshold' | 'forMs' | 'repeatMs'>): WatchTerms {
  return { threshold, clearBelow: threshold * specOf(kind).clearsAt, forMs, repeatMs };
}

/** The message of an event of an alert. */
export function messageOf(alert: Alert, event: WatchEvent, nowMs: number): AlertMessage {
  const { id: alertId, rule, kind, severity, tenantId, subject, detail, value, threshold, firedMs } = alert;
  return {
    ...{ event, alertId, rule, kind, severity, tenantId, subject, detail, value, threshold },
    unit: specOf(kind).unit,
    at: new Date(nowMs).toISOString(),
    firedAt: new Date(firedMs).toISOString(),
  };
}

/** The message with which a channel is tried. */
export function testMessage({ owner, name }: Pick<AlertChannel, 'owner' | 'name'>, nowMs: number): AlertMessage {
  return {
    ...{ event: 'test', alertId: null, rule: 'test', kind: 'test', severity: 'info', tenantId: owner },
    ...{ subject: `channel ${name}`, detail: 'Somebody tries this channel. Nothing is wrong.' },
    ...{ value: 0, threshold: 0, unit: 'none', at: new Date(nowMs).toISOString(), firedAt: null },
  };
}
