// Background jobs, on BullMQ: in Redis where there is one, else in PostgreSQL (schema `bullmq`, which it makes itself). Only
// for what can be done again from the tables: exports, rollups, reconciliation. Guarantees that a job runs at least once
// on some worker, that a stop lets running jobs finish and then interrupts them, and that an interrupted or failed job
// is tried again. A queue that was lost costs a delay, never money: who owns the work finds it in its own tables.
import {
  createPostgresBackend,
  Queue,
  Worker,
  type JobSchedulerTemplateOptions,
  type JobsOptions,
  type RepeatOptions,
} from 'bullmq';
import type { RedisAddress } from '../config/index.js';
import type { Log } from '../logging/index.js';
import type { Shutdown } from '../shutdown/index.js';
import { StoreReach } from './store-reach.js';

/** Where jobs wait. */
export interface JobStore {
  /** With `redisUrl` null, its PostgreSQL holds them. */
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
}

/**
 * Where jobs wait, by the settings. Sentinels and clusters serve leases only: few jobs are as well off in PostgreSQL, and
 * every process of an installation must agree.
 */
export function jobStoreOf(databaseUrl: string, redis: RedisAddress | null): JobStore {
  return { databaseUrl, redisUrl: redis?.kind === 'single' ? redis.url : null };
}

/** What a worker is given beside the data of its job. */
export interface RunningJob {
  readonly id: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborted when the process stops and will not wait any longer: give up, the job is tried again. */
  readonly signal: AbortSignal;
  /** Percent or any count; shown to who looks at the queue. */
  progress(value: number): Promise<void>;
}

/** Does a job. Rejects when it could not be done; then it is tried again. Must bear being run twice. */
export type JobHandler = (data: unknown, job: RunningJob) => Promise<void>;

/** How one job is added. */
export interface AddOptions {
  /** A second job with the id of one that waits or runs is left out; one that has ended is forgotten, so that it may come again. */
  readonly id?: string;
  readonly delayMs?: number;
  /** Tries in all. Default 5, waiting 1 s, 2 s, 4 s ... in between. */
  readonly attempts?: number;
}

/** When a repeated job is due. */
export type Repetition = { readonly everyMs: number } | { readonly cron: string; readonly timeZone: string };

const ATTEMPTS = 5;
const BACKOFF_MS = 1_000;
const KEPT_DONE = 100;
const KEPT_FAILED = 500;
const CONNECTIONS_MAX = 2;
// After an error of the store; BullMQ's 15 s are not interrupted by a stop.
const RUN_RETRY_MS = 1_000;
// A job that is stopped in the middle is done again from its beginning, so finishing is worth some seconds.
const GRACE_MS = 5_000;
const STOP_MS_MAX = 10_000;

// What is used of BullMQ's queue, whichever store is behind it.
interface AnyQueue {
  add(name: string, data: object, options: JobsOptions): Promise<unknown>;
  upsertJobScheduler(
    id: string,
    when: Omit<RepeatOptions, 'key'>,
    template: { readonly name: string; readonly data: object; readonly opts: JobSchedulerTemplateOptions },
  ): Promise<unknown>;
  getJobCounts(...states: ('waiting' | 'delayed' | 'active' | 'failed')[]): Promise<Record<string, number>>;
  close(): Promise<void>;
}

interface AnyJob {
  readonly id?: string;
  readonly data: unknown;
  readonly attemptsMade: number;
  updateProgress(value: number): Promise<void>;
}

/** The queues of one process. */
export class Jobs {
  readonly #queues = new Map<string, Promise<AnyQueue>>();
  readonly #reach: StoreReach;

  constructor(
    private readonly store: JobStore,
    private readonly log: Log,
    private readonly shutdown: Shutdown,
  ) {
    this.#reach = new StoreReach(log);
  }

  /** Adds a job. @throws when the store cannot be reached. */
  async add(queue: string, data: object, { id, delayMs, attempts = ATTEMPTS }: AddOptions = {}): Promise<void> {
    const opened = await this.#queue(queue);
    await opened.add(queue, data, {
      attempts,
      backoff: { type: 'exponential', delay: BACKOFF_MS },
      // A store that keeps a job by its id would leave out every later one.
      ...(id === undefined
        ? { removeOnComplete: { count: KEPT_DONE }, removeOnFail: { count: KEPT_FAILED } }
        : { jobId: id, removeOnComplete: true, removeOnFail: true }),
      ...(delayMs === undefined ? {} : { delay: delayMs }),
    });
  }

  /** Adds a job again and again; a second call with the same id replaces the repetition. Any number of processes may. */
  async repeat(queue: string, id: string, when: Repetition, data: object): Promise<void> {
    const opened = await this.#queue(queue);
    const repeat = 'everyMs' in when ? { every: when.everyMs } : { pattern: when.cron, tz: when.timeZone };
    const opts = { attempts: ATTEMPTS, removeOnComplete: { count: KEPT_DONE }, removeOnFail: { count: KEPT_FAILED } };
    await opened.upsertJobScheduler(id, repeat, { name: queue, data, opts });
  }

  /** How many jobs wait, run, or failed for good. */
  async counts(queue: string): Promise<{ readonly waiting: number; readonly active: number; readonly failed: number }> {
    const counts = await (await this.#queue(queue)).getJobCounts('waiting', 'delayed', 'active', 'failed');
    const of = (name: string): number => counts[name] ?? 0;
    return { waiting: of('waiting') + of('delayed'), active: of('active'), failed: of('failed') };
  }

  /** Works a queue until shutdown, so many jobs at once. */
  work(queue: string, handler: JobHandler, { concurrency = 1 }: { readonly concurrency?: number } = {}): void {
    const stopping = new AbortController();
    const running = new Set<Promise<void>>();
    const run = (job: AnyJob): Promise<void> => {
      const done = handler(job.data, {
        id: job.id ?? '',
        attempt: job.attemptsMade + 1,
        signal: stopping.signal,
        progress: (value) => job.updateProgress(value),
      });
      running.add(done);
      return done.finally(() => running.delete(done));
    };
    const { redisUrl } = this.store;
    const options = { concurrency, runRetryDelay: RUN_RETRY_MS };
    const worker =
      redisUrl === null
        ? new Worker(queue, run, { connection: this.#postgres(), ...options }, createPostgresBackend)
        : new Worker(queue, run, { connection: redisConnection(redisUrl), ...options });
    this.#reach.follow(worker);
    worker.on('active', () => this.#reach.answered());
    worker.on('failed', (job, error) =>
      this.log.warn(
        { event: 'job_failed', name: queue, detail: job?.id, count: job?.attemptsMade, err: error },
        'a job failed and is tried again while it has tries left',
      ),
    );
    this.shutdown.register(`jobs ${queue}`, STOP_MS_MAX, async () => {
      const late = setTimeout(() => stopping.abort(), GRACE_MS);
      const interrupted = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
      // Without its store the worker would wait for an answer for ever; its jobs may still end, and are done again.
      if (this.#reach.isAway) await Promise.race([Promise.allSettled(running), interrupted]);
      await worker.close(this.#reach.isAway);
      clearTimeout(late);
    });
  }

  #queue(name: string): Promise<AnyQueue> {
    const opening = this.#queues.get(name) ?? this.#open(name);
    this.#queues.set(name, opening);
    return opening;
  }

  async #open(name: string): Promise<AnyQueue> {
    const { redisUrl } = this.store;
    const queue =
      redisUrl === null
        ? new Queue(name, { connection: this.#postgres() }, createPostgresBackend)
        : new Queue(name, { connection: redisConnection(redisUrl) });
    this.#reach.follow(queue);
    this.shutdown.register(`job queue ${name}`, STOP_MS_MAX, () =>
      this.#reach.isAway ? queue.getBackend().close(true) : queue.close(),
    );
    await queue.waitUntilReady();
    return queue;
  }

  #postgres() {
    return { connectionString: this.store.databaseUrl, max: CONNECTIONS_MAX, migrate: true };
  }
}

// BullMQ waits for Redis without a limit of its own, and refuses a connection that has one.
function redisConnection(url: string) {
  return { url, maxRetriesPerRequest: null };
}
