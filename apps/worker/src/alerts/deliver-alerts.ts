// Sends the queue of messages: channels side by side, each one message after the other, so that a receiver that hangs holds up
// itself alone. At least once, under the same id: what a killed worker had taken is due again a minute later.
import type { AlertChannelId, ChannelKind } from '@trunkline/alerting';
import type { SendOutcome } from '@trunkline/alerting/adapters/send';
import { markFailed, markSent, takeDue, type DueDelivery } from '@trunkline/alerting/adapters/prisma';
import type { Clock } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

/** What messages are sent with. */
export interface DeliveryParts {
  readonly db: Database;
  readonly log: Log;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly metrics: Pick<Metrics, 'counter'>;
  readonly send: (delivery: ChannelDelivery, signal: AbortSignal) => Promise<SendOutcome>;
  /** From 0 up to, not including, 1. */
  readonly chance: () => number;
}

/** A message whose channel is there. */
export type ChannelDelivery = DueDelivery & { readonly channel: NonNullable<DueDelivery['channel']> };

// Channels that are told something at once.
const CHANNELS_AT_ONCE_MAX = 50;
// Well below the lease.
const TRY_MS_MAX = 20_000;
const NO_CHANNEL: SendOutcome = { kind: 'failed', problem: 'the channel is gone or switched off', final: true };

/** The messages of one worker. */
export class Deliveries {
  /** By channel; at most `CHANNELS_AT_ONCE_MAX`. */
  private readonly underWay = new Map<AlertChannelId, Promise<void>>();

  constructor(
    private readonly parts: DeliveryParts,
    private readonly stopping: AbortSignal,
  ) {}

  /** Begins to send what is due, and waits for nobody's receiver. @throws when the database is away */
  async look(): Promise<void> {
    if (this.stopping.aborted || this.underWay.size >= CHANNELS_AT_ONCE_MAX) return;
    const busy = [...this.underWay.keys()];
    const max = CHANNELS_AT_ONCE_MAX - busy.length;
    for (const due of await takeDue(this.parts.db, { nowMs: this.parts.clock.nowMs(), busy, max })) this.begin(due);
  }

  /** Resolves when everything that was begun is over. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay.values());
  }

  private begin(due: DueDelivery): void {
    const over = this.deliver(due)
      .catch((error: unknown) =>
        this.parts.log.warn({ event: 'alerts_failed', err: error }, 'what became of a message could not be stored'),
      )
      .finally(() => this.underWay.delete(due.channelId));
    this.underWay.set(due.channelId, over);
  }

  private async deliver(due: DueDelivery): Promise<void> {
    const { db, clock, chance } = this.parts;
    const outcome = await this.tried(due);
    if (outcome.kind === 'sent') {
      await markSent(db, due.id, clock.nowMs());
      return this.count(due.channel?.kind, 'sent');
    }
    const { problem, final } = outcome;
    const isDead = await markFailed(db, due, { problem, final, nowMs: clock.nowMs(), chance: chance() });
    this.count(due.channel?.kind, isDead ? 'dead' : 'failed');
    const fields = { event: isDead ? 'alert_dead_letter' : 'alert_unsent', name: due.channelId, reason: problem };
    if (isDead)
      this.parts.log.error(fields, 'a message of an alert was given up: see `cli alert deliveries --state dead`');
    else this.parts.log.warn(fields, 'a message of an alert could not be sent, and is tried again');
  }

  private async tried(due: DueDelivery): Promise<SendOutcome> {
    const { channel } = due;
    if (channel === null) return NO_CHANNEL;
    // Not `AbortSignal.any`: Node 20 keeps what it returns for as long as the signals that it was made of.
    const late = new AbortController();
    const giveUp = (): void => late.abort();
    const timer = setTimeout(giveUp, TRY_MS_MAX);
    this.stopping.addEventListener('abort', giveUp, { once: true });
    try {
      return await this.parts.send({ ...due, channel }, late.signal);
    } finally {
      clearTimeout(timer);
      this.stopping.removeEventListener('abort', giveUp);
    }
  }

  private count(channel: ChannelKind | undefined, result: 'sent' | 'failed' | 'dead'): void {
    if (channel !== undefined) this.parts.metrics.counter('alertDeliveries', { channel, result }).add(1);
  }
}
