// Alerts: looks every few seconds how things stand, stores what fired or is over, and tells whoever is to hear of it. Any number
// of workers may; one evaluates at a time, and each message is taken by one.
import { randomBytes } from 'node:crypto';
import type { AlertKind } from '@trunkline/alerting';
import { alertStanding, evaluateAlerts, kindsWatched, type AlertNews } from '@trunkline/alerting/adapters/prisma';
import type { Clock } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';
import { Deliveries, type DeliveryParts } from './deliver-alerts.js';
import { measureAlerts, type AlertSources } from './measure-alerts.js';

/** What alerts need in a worker. */
export interface AlertParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly metrics: Pick<Metrics, 'gauge' | 'counter'>;
  readonly pools: AlertSources['pools'];
  readonly send: DeliveryParts['send'];
  /** How often it is looked. */
  readonly lookMs?: number;
}

const LOOK_MS = 5_000;
const SEND_LOOK_MS = 1_000;
const STOP_MS_MAX = 15_000;

/** Watches and tells until shutdown. */
export function startAlerts(parts: AlertParts, shutdown: Shutdown): void {
  const { db, log, clock, metrics } = parts;
  const watch = new AlertWatch(parts);
  const stopping = new AbortController();
  const deliveries = new Deliveries(
    { db, log, clock, metrics, send: parts.send, chance: Math.random },
    stopping.signal,
  );
  const loops = [
    every(parts.lookMs ?? LOOK_MS, () => watch.look()),
    every(Math.min(parts.lookMs ?? SEND_LOOK_MS, SEND_LOOK_MS), () => deliveries.look()),
  ];
  shutdown.register('alerts', STOP_MS_MAX, async () => {
    stopping.abort();
    await Promise.all(loops.map((stop) => stop()));
    await deliveries.settled();
  });

  function every(ms: number, look: () => Promise<void>): () => Promise<void> {
    let looking: Promise<void> | null = null;
    const failed = (error: unknown) =>
      log.warn({ event: 'alerts_failed', err: error }, 'alerts could not be looked after');
    const begin = (): void =>
      void (looking ??= look()
        .catch(failed)
        .finally(() => (looking = null)));
    begin();
    const timer = setInterval(begin, ms).unref();
    return async () => {
      clearInterval(timer);
      await looking;
    };
  }
}

class AlertWatch {
  /** Said once for each outage; at most one for each kind. */
  private readonly failing = new Set<AlertKind>();

  constructor(private readonly parts: AlertParts) {}

  async look(): Promise<void> {
    const { db, clock, pools } = this.parts;
    const kinds = await kindsWatched(db);
    const failed = new Set<AlertKind>();
    const onFailure = (kind: AlertKind, error: unknown): void => {
      failed.add(kind);
      this.say(kind, error);
    };
    const measured = await measureAlerts({ db, pools, nowMs: clock.nowMs, onFailure }, kinds);
    for (const kind of this.failing) if (!failed.has(kind)) this.failing.delete(kind);
    for (const news of await evaluateAlerts({ db, clock, randomBytes }, measured)) this.tell(news);
    await this.report();
  }

  private say(kind: AlertKind, error: unknown): void {
    if (this.failing.has(kind)) return;
    this.failing.add(kind);
    this.parts.log.warn({ event: 'alert_unmeasured', name: kind, err: error }, 'alerts of a kind cannot be measured');
  }

  private tell({ event, alert }: AlertNews): void {
    const fields = { event: `alert_${event}`, name: alert.rule, outcome: alert.severity, tenant_id: alert.tenantId };
    if (event === 'resolved') this.parts.log.info(fields, 'an alert is over');
    else this.parts.log.warn(fields, 'an alert is firing: see `cli alert list`');
  }

  private async report(): Promise<void> {
    const { db, metrics } = this.parts;
    const { firing, dead } = await alertStanding(db);
    for (const [severity, count] of Object.entries(firing)) metrics.gauge('alertsFiring', { severity }).set(count);
    metrics.gauge('alertDeadLetters').set(dead);
  }
}
