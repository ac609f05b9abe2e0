// Measurements against rules, in one transaction: what fired or is over is stored together with what has to be told of it, so
// that nothing fires untold. One worker at a time (advisory lock); one that finds the lock taken leaves it to the other. A kind
// that could not be measured changes nothing.
import { mintId } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import {
  messageOf,
  stepWatch,
  termsOf,
  type Alert,
  type AlertRule,
  type Cause,
  type Measured,
  type Watch,
  type WatchEvent,
} from '../../index.js';
import { alertOf, ruleOf } from './alert-rows.js';
import type { AlertContext, Tx } from './context.js';

/** Something to tell, and of what. */
export interface AlertNews {
  readonly event: WatchEvent;
  readonly alert: Alert;
}

type AlertRow = Prisma.AlertGetPayload<object>;
type StoredRule = AlertRule & { readonly channelIds: readonly string[] };

// Ten thousand tenants may pass a threshold in one look: a statement for each.
const EVALUATE_MS_MAX = 120_000;
// Bound on one statement's parameters.
const ROWS_MAX = 1_000;

/** Compares. @returns what fired, goes on or is over; empty while another worker does it */
export async function evaluateAlerts(context: AlertContext, measured: Measured): Promise<readonly AlertNews[]> {
  return context.db.$transaction(
    async (tx) => {
      const [lock] = await tx.$queryRaw<{ free: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(hashtextextended('alerting evaluates', 0)) AS free`;
      if (lock?.free !== true) return [];
      const rules = await rulesOf(tx);
      const open = await tx.alert.findMany({ where: { state: { not: 'resolved' } } });
      const pass = new Pass(context, tx);
      for (const rule of rules) {
        const causes = measured.get(rule.kind);
        if (causes !== undefined)
          await pass.rule(rule, { causes, open: open.filter(({ ruleId }) => ruleId === rule.id) });
      }
      const known = new Set<string>(rules.map(({ id }) => id));
      await pass.orphans(open.filter(({ ruleId }) => !known.has(ruleId)));
      await pass.enqueue();
      return pass.news;
    },
    { isolationLevel: 'ReadCommitted', timeout: EVALUATE_MS_MAX },
  );
}

// Rules that are switched off, and those of tenants that were put away, look for nothing: what they had open is over.
async function rulesOf(tx: Tx): Promise<readonly StoredRule[]> {
  const rows = await tx.alertRule.findMany({ where: { enabled: true } });
  const owners = [...new Set(rows.flatMap(({ tenantId }) => tenantId ?? []))];
  const there = await tx.tenant.findMany({ where: { id: { in: owners }, archivedAt: null }, select: { id: true } });
  const active = new Set(there.map(({ id }) => id));
  return rows
    .filter(({ tenantId }) => tenantId === null || active.has(tenantId))
    .flatMap((row) => ruleOf(row, new Map()).map((rule) => ({ ...rule, channelIds: row.channelIds })));
}

class Pass {
  readonly news: AlertNews[] = [];
  private readonly deliveries: ReturnType<typeof newDelivery>[] = [];
  private readonly nowMs: number;
  private readonly at: Date;

  constructor(
    private readonly context: AlertContext,
    private readonly tx: Tx,
  ) {
    this.nowMs = context.clock.nowMs();
    this.at = new Date(this.nowMs);
  }

  async rule(
    rule: StoredRule,
    { causes, open }: { readonly causes: readonly Cause[]; readonly open: readonly AlertRow[] },
  ): Promise<void> {
    const own = causes.filter(({ tenantId }) => rule.owner === null || tenantId === rule.owner);
    const measured = new Map(own.map((cause) => [cause.key, cause]));
    const rows = new Map(open.map((row) => [row.cause, row]));
    const channels = await this.channelsOf(rule);
    for (const key of new Set([...measured.keys(), ...rows.keys()])) {
      const alerts = await this.cause(rule, { row: rows.get(key) ?? null, cause: measured.get(key) ?? null });
      for (const { alert, event } of alerts) {
        this.news.push({ event, alert });
        const message = messageOf(alert, event, this.nowMs);
        const parts = { owner: rule.owner, alertId: alert.id, message };
        this.deliveries.push(...channels.map((channelId) => newDelivery(this.context, { ...parts, channelId })));
      }
    }
  }

  /** Stores what has to be told. */
  async enqueue(): Promise<void> {
    for (let i = 0; i < this.deliveries.length; i += ROWS_MAX)
      await this.tx.alertDelivery.createMany({ data: this.deliveries.slice(i, i + ROWS_MAX) });
  }

  /** What is open of rules that are gone. */
  async orphans(rows: readonly AlertRow[]): Promise<void> {
    const ids = (state: string) => rows.filter((row) => row.state === state).map(({ id }) => id);
    await this.tx.alert.deleteMany({ where: { id: { in: ids('pending') } } });
    await this.tx.alert.updateMany({
      where: { id: { in: ids('firing') } },
      data: { state: 'resolved', resolvedAt: this.at },
    });
  }

  private async cause(
    rule: StoredRule,
    { row, cause }: { readonly row: AlertRow | null; readonly cause: Cause | null },
  ): Promise<readonly AlertNews[]> {
    const before = row === null ? null : watchOf(row);
    // What is not among the measured is not wrong.
    const { watch, tell } = stepWatch(before, cause?.value ?? 0, { terms: termsOf(rule), nowMs: this.nowMs });
    const stored = await this.store(rule, { row, cause, watch, tell });
    return tell === null || stored === null ? [] : alertOf(stored).map((alert) => ({ event: tell, alert }));
  }

  private async store(
    rule: StoredRule,
    found: {
      readonly row: AlertRow | null;
      readonly cause: Cause | null;
      readonly watch: Watch | null;
      readonly tell: WatchEvent | null;
    },
  ): Promise<AlertRow | null> {
    const { row, cause, watch, tell } = found;
    const { alert } = this.tx;
    const measured = cause === null ? {} : { subject: cause.subject, detail: cause.detail, value: cause.value };
    if (watch === null) {
      if (row === null) return null;
      if (tell !== 'resolved') return alert.delete({ where: { id: row.id } });
      const data = { ...(cause === null ? { value: 0 } : measured), state: 'resolved', resolvedAt: this.at };
      return alert.update({ where: { id: row.id }, data });
    }
    const data = { ...measured, ...columnsOf(watch), severity: rule.severity, threshold: rule.threshold };
    if (row !== null) return isSame(row, data) ? row : alert.update({ where: { id: row.id }, data });
    if (cause === null) return null;
    const id = mintId('alt', this.nowMs, this.context.randomBytes);
    const of = { ruleId: rule.id, tenantId: rule.owner, ruleName: rule.name, kind: rule.kind };
    const { key, tenantId: causeTenantId, subject, detail, value } = cause;
    return alert.create({ data: { id, ...of, cause: key, causeTenantId, ...data, subject, detail, value } });
  }

  private async channelsOf({ channelIds }: StoredRule): Promise<readonly string[]> {
    if (channelIds.length === 0) return [];
    const where = { id: { in: [...channelIds] }, enabled: true };
    return (await this.tx.alertChannel.findMany({ where, select: { id: true } })).map(({ id }) => id);
  }
}

/** A message that waits to be sent. */
export function newDelivery(
  { clock, randomBytes }: Pick<AlertContext, 'clock' | 'randomBytes'>,
  { channelId, owner, alertId, message }: Parts,
) {
  const nowMs = clock.nowMs();
  const at = new Date(nowMs);
  const id = mintId('ald', nowMs, randomBytes);
  return {
    ...{ id, channelId, tenantId: owner, alertId, event: message.event, message: { ...message } },
    ...{ createdAt: at, triedSince: at, nextAt: at },
  };
}

interface Parts {
  readonly channelId: string;
  readonly owner: AlertRule['owner'];
  readonly alertId: Alert['id'] | null;
  readonly message: ReturnType<typeof messageOf>;
}

function watchOf(row: AlertRow): Watch {
  const sinceMs = row.since.getTime();
  if (row.firedAt === null) return { state: 'pending', sinceMs };
  const firedMs = row.firedAt.getTime();
  const toldMs = row.toldAt?.getTime() ?? firedMs;
  return { state: 'firing', sinceMs, firedMs, toldMs, wellSinceMs: row.wellSince?.getTime() ?? null };
}

function columnsOf(watch: Watch) {
  const { state } = watch;
  const since = new Date(watch.sinceMs);
  if (watch.state === 'pending') return { state, since, firedAt: null, toldAt: null, wellSince: null };
  const wellSince = watch.wellSinceMs === null ? null : new Date(watch.wellSinceMs);
  return { state, since, firedAt: new Date(watch.firedMs), toldAt: new Date(watch.toldMs), wellSince };
}

function isSame(row: AlertRow, data: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(data).every(([name, value]) => {
    const stored: unknown = Reflect.get(row, name);
    return stored instanceof Date && value instanceof Date ? stored.getTime() === value.getTime() : stored === value;
  });
}
