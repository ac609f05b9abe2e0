// The worker as a process of its own, beside gateways that share its database; a stop works off the queue. Migrations are
// for whoever installs; until they have run, passes fail and are tried again.
import { mailSenderOf } from '@trunkline/alerting/adapters/send';
import { systemClock } from '@trunkline/kernel';
import { assertDatabaseReachable, openDatabase } from '@trunkline/platform/database';
import { Jobs, jobStoreOf } from '@trunkline/platform/jobs';
import { serveOps } from '@trunkline/platform/http';
import { GuardedPoster, outboundExceptionsOf } from '@trunkline/platform/outbound';
import { runProcess, type ProcessBase, type StartedProcess } from '@trunkline/platform/process';
import { secretSeal, type SecretSeal } from '@trunkline/platform/secrets';
import { exportPlaceOf } from '@trunkline/reporting/adapters/export';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { FreshPolicy } from '@trunkline/tenancy';
import { PrismaPolicySource } from '@trunkline/tenancy/adapters/prisma';
import { alertSender, openLines, poolStatuses, startAlerts, startWorker, watchPools } from './src/index.js';

const STOP_MS_MAX = 5_000;
// No live call shares this process: fewer, larger transactions, which cost a third less per event (docs/adr/030).
const BATCH_MAX = 400;
// One connection for posting, one for the rollup, which may have it for minutes, the others for whatever else is asked.
const CONNECTIONS_MAX = 4;

async function start({ config, log, shutdown }: ProcessBase): Promise<StartedProcess> {
  const { databaseUrl } = config;
  if (databaseUrl === null)
    throw new Error('DATABASE_URL is not set: a worker of its own shares the database of its gateways');
  await assertDatabaseReachable(databaseUrl);
  const db = openDatabase(databaseUrl, { poolMax: CONNECTIONS_MAX, applicationName: 'trunkline-worker' });
  shutdown.register('database', STOP_MS_MAX, () => db.$disconnect());
  const metrics = new Metrics();
  const own = log.with({ app: 'worker' });
  const jobs = new Jobs(jobStoreOf(databaseUrl, config.redis), own, shutdown);
  const { adminKey, usageUrl: baseUrl, keyPepper } = config;
  // Only admin keys of pools and secrets of policies need the pepper, which seals them.
  const open: SecretSeal['open'] = keyPepper === null ? () => null : secretSeal(keyPepper).open;
  const reconcile = { jobs, settings: { adminKey, baseUrl, open } };
  const place = { db, databaseUrl, ...exportPlaceOf(config) };
  const exports = { jobs, place, keepDays: config.exportKeepDays };
  const poster = new GuardedPoster({ exceptions: outboundExceptionsOf(config.webhookAllow) });
  shutdown.register('outbound', STOP_MS_MAX, () => poster.close());
  const notices = { poster, openSecret: open };
  const worker = await startWorker({
    db,
    batchMax: BATCH_MAX,
    log: own,
    shutdown,
    metrics,
    reconcile,
    notices,
    exports,
  });
  const policy = new FreshPolicy(new PrismaPolicySource(db, systemClock));
  const lines = config.redis === null ? null : openLines(config.redis, { log: own, shutdown });
  const pools = lines === null ? null : { lines, policy, clock: systemClock };
  if (pools === null)
    own.info(
      { event: 'pools_unseen' },
      'without REDIS_URL the metrics and alerts of pools are not told here: those of the gateways',
    );
  else watchPools({ ...pools, metrics, log: own });
  startAlerts(
    {
      ...{ db, metrics, log: own, clock: systemClock, pools: pools === null ? null : () => poolStatuses(pools) },
      send: alertSender({ poster, mail: await mailSenderOf(config), open, nowMs: systemClock.nowMs }),
    },
    shutdown,
  );
  const checks = [{ name: 'rating', problem: worker.problem }];
  const metricsUrl = await serveOps({ metrics, checks }, config, shutdown);
  log.info({ event: 'ready', ms: Math.round(systemClock.monotonicMs()) }, 'rating usage');
  return { ready: { json: { metricsUrl }, text: `worker: rating usage, metrics at ${metricsUrl}\n` } };
}

runProcess({ name: 'worker', command: 'worker', start });
