// The queue of messages to channels. Guarantees at least once: a message that was taken and not marked is due again when its
// lease is over, whoever died in between, under the same id. What is told of one alert to one channel goes out in order.
import { err, ok, type AlertChannelId, type AlertDeliveryId, type TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { Administered } from '@trunkline/tenancy';
import { nextTryMs, testMessage, type AlertDelivery, type AlertOwner, type ChannelKind } from '../../index.js';
import { deliveryOf } from './alert-rows.js';
import { findChannel } from './channels.js';
import { notThere, type AlertContext } from './context.js';
import { newDelivery } from './evaluate.js';

/** A message that was taken to be sent. */
export interface DueDelivery extends AlertDelivery {
  /** As it is now; null: it is gone or switched off. */
  readonly channel: {
    readonly id: string;
    readonly kind: ChannelKind;
    readonly target: readonly string[];
    readonly secretSealed: string | null;
  } | null;
}

/** Longer than any try may take: then a message that nobody marked is somebody else's to send. */
export const LEASE_MS = 60_000;

/** Takes due messages, one of each channel, oldest first. @param busy channels that are being told something */
export async function takeDue(
  db: Database,
  { nowMs, busy, max }: { readonly nowMs: number; readonly busy: readonly AlertChannelId[]; readonly max: number },
): Promise<readonly DueDelivery[]> {
  const now = new Date(nowMs);
  const taken = await db.$queryRaw<{ id: string }[]>`
    WITH due AS (
      SELECT DISTINCT ON (d.channel_id) d.id
        FROM alert_delivery d
       WHERE d.state = 'waiting' AND d.next_at <= ${now} AND d.channel_id <> ALL(${[...busy]})
         AND NOT EXISTS (SELECT FROM alert_delivery earlier
                          WHERE earlier.state = 'waiting' AND earlier.channel_id = d.channel_id
                            AND earlier.alert_id = d.alert_id AND earlier.id < d.id)
       ORDER BY d.channel_id, d.next_at
       LIMIT ${max})
    UPDATE alert_delivery SET attempts = attempts + 1, next_at = ${new Date(nowMs + LEASE_MS)}
      FROM due WHERE alert_delivery.id = due.id AND state = 'waiting' AND next_at <= ${now}
    RETURNING alert_delivery.id`;
  if (taken.length === 0) return [];
  const rows = await db.alertDelivery.findMany({
    where: { id: { in: taken.map(({ id }) => id) } },
    orderBy: { id: 'asc' },
  });
  const channels = await db.alertChannel.findMany({
    where: { id: { in: rows.map(({ channelId }) => channelId) }, enabled: true },
  });
  return rows.flatMap((row) => {
    const found = channels.find(({ id }) => id === row.channelId);
    const channel = found === undefined ? null : { ...found, kind: kindOf(found.kind) };
    return deliveryOf(row).map((delivery) => ({ ...delivery, channel }));
  });
}

/** It arrived. */
export async function markSent(db: Database, id: AlertDeliveryId, nowMs: number): Promise<void> {
  await db.alertDelivery.updateMany({
    where: { id, state: 'waiting' },
    data: { state: 'sent', problem: null, doneAt: new Date(nowMs) },
  });
}

/** It did not arrive: it is tried again later, or given up. @param final it never will @returns whether it was given up */
export async function markFailed(
  db: Database,
  { id, attempts }: Pick<AlertDelivery, 'id' | 'attempts'>,
  {
    problem,
    final,
    nowMs,
    chance,
  }: { readonly problem: string; readonly final: boolean; readonly nowMs: number; readonly chance: number },
): Promise<boolean> {
  const row = await db.alertDelivery.findUnique({ where: { id }, select: { triedSince: true } });
  if (row === null) return false;
  const tried = { attempts, sinceMs: row.triedSince.getTime() };
  const next = final ? null : nextTryMs(tried, { nowMs, chance });
  const data =
    next === null ? { state: 'dead', problem, doneAt: new Date(nowMs) } : { problem, nextAt: new Date(next) };
  await db.alertDelivery.updateMany({ where: { id, state: 'waiting' }, data });
  return next === null;
}

/** Has a channel told a test message. */
export async function testChannel(
  context: AlertContext,
  owner: AlertOwner,
  named: string,
): Administered<AlertDelivery> {
  const channel = await findChannel(context.db, owner, named);
  if (!channel.ok) return channel;
  if (!channel.value.enabled)
    return err({
      code: 'does_not_hold',
      message: `Channel ${channel.value.name} is switched off: switch it on first.`,
    });
  const message = testMessage(channel.value, context.clock.nowMs());
  const parts = { channelId: channel.value.id, owner, alertId: null, message };
  return context.db.$transaction(async (tx) => {
    const [delivery] = deliveryOf(await tx.alertDelivery.create({ data: newDelivery(context, parts) }));
    return delivery === undefined ? notThere('delivery', named) : ok(delivery);
  });
}

/** Sends a message again that was given up, under the id that it had, for another day. */
export async function resendDelivery(
  { db, clock }: Pick<AlertContext, 'db' | 'clock'>,
  owner: AlertOwner,
  id: string,
): Administered<AlertDelivery> {
  const at = new Date(clock.nowMs());
  return db.$transaction(async (tx) => {
    const row = await tx.alertDelivery.findFirst({ where: { id, tenantId: owner } });
    if (row === null) return notThere('delivery', id);
    if (row.state !== 'dead')
      return err({ code: 'does_not_hold', message: `Only what was given up is sent again; this one is ${row.state}.` });
    const data = { state: 'waiting', attempts: 0, doneAt: null, triedSince: at, nextAt: at };
    const { count } = await tx.alertDelivery.updateMany({ where: { id, state: 'dead' }, data });
    const [delivery] = count === 0 ? [] : deliveryOf({ ...row, ...data });
    return delivery === undefined ? notThere('delivery', id) : ok(delivery);
  });
}

/** Which deliveries. */
export interface DeliveryFilter {
  readonly owner: AlertOwner;
  readonly state?: AlertDelivery['state'] | undefined;
  readonly channelId?: string | undefined;
  /** The last of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Deliveries of one owner, newest first. */
export async function listDeliveries(
  db: Pick<Database, 'alertDelivery'>,
  { owner, state, channelId, after, limit }: DeliveryFilter,
): Promise<readonly AlertDelivery[]> {
  const rows = await db.alertDelivery.findMany({
    where: {
      tenantId: owner satisfies TenantId | null,
      ...(state === undefined ? {} : { state }),
      ...(channelId === undefined ? {} : { channelId }),
      ...(after === undefined ? {} : { id: { lt: after } }),
    },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.flatMap(deliveryOf);
}

function kindOf(text: string): ChannelKind {
  if (text === 'webhook' || text === 'email' || text === 'slack') return text;
  throw new Error(`${text} is no kind of channel`);
}
