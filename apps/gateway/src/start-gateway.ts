// The gateway's composition root: opens policy, journal and leases, composes the parts and binds the listeners, top to
// bottom; each step registers its own close, and closes run in the opposite order.
import { randomBytes } from 'node:crypto';
import type { LeaseStore } from '@trunkline/admission';
import { systemClock } from '@trunkline/kernel';
import { PrismaSpendRecords } from '@trunkline/admission/adapters/prisma';
import { beatOf, PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { EndUserHasher, KeyWrap } from '@trunkline/moderation';
import { relayOverrides } from '@trunkline/platform/config';
import type { Database } from '@trunkline/platform/database';
import type { DataFolder } from '@trunkline/platform/data-folder';
import { urlHost, type ReadyCheck } from '@trunkline/platform/http';
import type { ProcessBase } from '@trunkline/platform/process';
import { outboundExceptionsOf } from '@trunkline/platform/outbound';
import type { SecretSeal } from '@trunkline/platform/secrets';
import { RELAY_LIMITS } from '@trunkline/realtime';
import type { KeyHasher } from '@trunkline/tenancy';
import { PrismaClientSecrets, PrismaPolicySource } from '@trunkline/tenancy/adapters/prisma';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';
import { composeGateway, type ComposedGateway } from './compose-gateway.js';
import type { UpstreamAccount } from './gateway-parts.js';
import { poolAccount } from './pool-accounts.js';
import { openJournal } from './open-journal.js';
import { openLeases } from './open-leases.js';
import { openPolicy, type PriceSource } from './open-policy.js';
import { openTls } from './open-tls.js';
import { startBeating } from './replica-beats.js';
import { serveGateway } from './serve-gateway.js';

/** What a gateway needs beside its settings. */
export interface GatewayNeeds {
  readonly db: Database;
  readonly folder: Pick<DataFolder, 'spoolDir' | 'tlsDir'>;
  readonly metrics: Metrics;
  /** Given, because the gateway knows only the pure core of rating. */
  readonly prices: PriceSource;
  readonly hashKey: KeyHasher;
  readonly hashEndUser: EndUserHasher;
  /** Seals the keys of kept content; what opens them reads it. */
  readonly contentSeal: KeyWrap;
  /** The account of the settings, for pools that carry none of their own. */
  readonly account: UpstreamAccount;
  readonly seal: SecretSeal;
  /** Scheme, host and port of the control plane; null while there is none. */
  readonly reportsUrl: () => string | null;
}

/** A gateway that takes calls. */
export interface RunningGateway {
  readonly httpUrl: string;
  readonly httpsUrl: string;
  /** The authority that signed the certificate of `httpsUrl`. */
  readonly caFile: string;
  readonly checks: readonly ReadyCheck[];
  /** The lines as this gateway counts them, for an API in the same process to look at. */
  readonly lines: Pick<LeaseStore, 'view' | 'page'>;
  /** Registers the drain; call it when all else is open, because it must run first. */
  readonly drainOnStop: () => void;
  /** From now on a stop ends sessions at their next turn boundary instead of letting them go on for long. */
  readonly hurry: () => void;
}

// OpenAI's first event comes 0.8 to 2.1 s after the dial (protocol facts 1.5); these are for a bad day. Together the first
// two stay within the life of a pending lease, or a line could be lent twice; `openLeases` holds them to it.
const DEADLINES = { connectMsMax: 5_000, firstEventMsMax: 8_000, tailMsMax: 10_000, closeMsMax: 2_000 };
const DIAL_MS_MAX = DEADLINES.connectMsMax + DEADLINES.firstEventMsMax;
// For the last settlements after the drain.
const SETTLE_MS_MAX = 10_000;

/** Starts a gateway. Rejects with errors whose message says what to do. */
export async function startGateway(base: ProcessBase, needs: GatewayNeeds): Promise<RunningGateway> {
  const { config, shutdown } = base;
  const drain = { softMs: config.drainSoftMs, maxMs: config.drainMaxMs };
  const gateway = await compose(base, needs, drain);
  const tls = await openTls(config, needs.folder);
  const { host, httpPort, httpsPort } = config;
  const ports = await serveGateway(gateway.parts, { host, httpPort, httpsPort, tls }, needs.reportsUrl, shutdown);
  return {
    httpUrl: `http://${urlHost(host)}:${ports.httpPort}`,
    httpsUrl: `https://${urlHost(host)}:${ports.httpsPort}`,
    caFile: tls.caFile,
    lines: gateway.lines,
    checks: [
      { name: 'gateway', problem: () => (gateway.draining() ? 'draining' : null) },
      { name: 'journal', problem: () => journalProblem(gateway) },
    ],
    drainOnStop: () =>
      shutdown.register('drain', drain.maxMs + DEADLINES.tailMsMax + SETTLE_MS_MAX, () => gateway.drain()),
    hurry: () => void (drain.softMs = 0),
  };
}

async function compose(
  base: ProcessBase,
  { db, folder, metrics, prices, hashKey, hashEndUser, contentSeal, account, seal }: GatewayNeeds,
  drain: { softMs: number; readonly maxMs: number },
): Promise<ComposedGateway> {
  const { config, log, shutdown } = base;
  const policy = await openPolicy({
    policy: new PrismaPolicySource(db, systemClock),
    prices,
    log,
    metrics,
    shutdown,
  });
  const { spool: journal, leftoversDrained } = await openJournal({
    folder: folder.spoolDir,
    bytesMax: config.spoolBytesMax,
    store: new PrismaJournalStore(db),
    log,
    metrics,
    shutdown,
  });
  const gateway = composeGateway({
    log: log.with({ app: 'gateway' }),
    metrics,
    policy: policy.holder,
    prices: policy.prices,
    hashKey,
    secrets: new PrismaClientSecrets({ db, clock: systemClock, randomBytes }),
    hashEndUser,
    contentSeal,
    ...(await openLeases(base, { db, dialMsMax: DIAL_MS_MAX })),
    spendRecords: new PrismaSpendRecords(db),
    whenCutOff: config.cutOff,
    journal,
    account: (pool) => poolAccount(pool, account, seal),
    hooks: { openSecret: seal.open, webhookExceptions: outboundExceptionsOf(config.webhookAllow) },
    relayLimits: { ...RELAY_LIMITS, ...relayOverrides(config) },
    deadlines: DEADLINES,
    drain,
    shutdown,
  });
  const { replicaId } = gateway.parts;
  await startBeating({
    replica: () => ({ replicaId, ...journal.run, leftoversDrained: leftoversDrained() }),
    beat: (replica) => beatOf(db, replica),
    log,
    shutdown,
  });
  return gateway;
}

function journalProblem({ parts }: ComposedGateway): string | null {
  const pressure = parts.journal.pressure();
  return pressure === 'ok' || pressure === 'warn' ? null : `${pressure}: free disk space or bring the database back`;
}
