// The same guarantees on both stores: a real PostgreSQL and a real Redis.
import { PassThrough } from 'node:stream';
import { jest } from '@jest/globals';
import { eventually } from '../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { startTestRedis, type TestRedis } from '../../../test/support/redis.js';
import { openLog } from '../logging/index.js';
import { Shutdown, type CloseReport } from '../shutdown/index.js';
import { Jobs, type RunningJob } from './index.js';

jest.setTimeout(60_000);

let postgres: TestPostgres;
let redis: TestRedis;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
});
afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

const shutdowns: Shutdown[] = [];
afterEach(async () => {
  for (const shutdown of shutdowns.splice(0)) await shutdown.run();
});

const open = (store: string) => {
  const shutdown = new Shutdown(() => undefined);
  shutdowns.push(shutdown);
  const where = { databaseUrl: postgres.url, redisUrl: store === 'Redis' ? redis.url : null };
  return { jobs: new Jobs(where, openLog('silent', process.stderr), shutdown), shutdown };
};

describe.each(['PostgreSQL', 'Redis'])('jobs in %s', (store) => {
  const queue = (name: string): string => `${name}-${store.toLowerCase()}`;

  it('are done by another process, with their data', async () => {
    const done: unknown[] = [];
    open(store).jobs.work(queue('done'), async (data) => void done.push(data));
    await open(store).jobs.add(queue('done'), { run: 7 });
    await eventually('the job is done', () => (done.length > 0 ? done : null));
    expect(done).toEqual([{ run: 7 }]);
  });

  it('are tried again after a failure', async () => {
    const attempts: number[] = [];
    const { jobs } = open(store);
    jobs.work(queue('again'), async (_data, { attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error('not yet');
    });
    await jobs.add(queue('again'), {});
    await eventually('the second try', () => (attempts.length === 2 ? true : null), 30_000);
    expect(attempts).toEqual([1, 2]);
  });

  it('are added once under one id', async () => {
    const { jobs } = open(store);
    await jobs.add(queue('once'), {}, { id: 'same' });
    await jobs.add(queue('once'), {}, { id: 'same' });
    expect(await jobs.counts(queue('once'))).toEqual({ waiting: 1, active: 0, failed: 0 });
  });

  it('come again under an id whose job has ended, well or not', async () => {
    let tries = 0;
    const { jobs } = open(store);
    jobs.work(queue('ended'), async () => {
      tries += 1;
      if (tries === 1) throw new Error('not this time');
    });
    for (const expected of [1, 2, 3]) {
      await eventually('another try', async () => {
        await jobs.add(queue('ended'), {}, { id: 'same', attempts: 1 });
        return tries >= expected ? true : null;
      });
    }
  });

  it('repeat', async () => {
    let runs = 0;
    const { jobs } = open(store);
    jobs.work(queue('repeat'), async () => void runs++);
    await jobs.repeat(queue('repeat'), 'tick', { everyMs: 100 }, {});
    await eventually('three runs', () => (runs >= 3 ? runs : null));
  });

  it('are finished before a stop is through', async () => {
    let finish = (): void => undefined;
    let started: RunningJob | null = null;
    let finished = false;
    const { jobs, shutdown } = open(store);
    jobs.work(queue('stop'), async (_data, job) => {
      started = job;
      await new Promise<void>((resolve) => (finish = resolve));
      finished = true;
    });
    await jobs.add(queue('stop'), {});
    await eventually('the job runs', () => started);
    const stopped = shutdown.run();
    finish();
    await stopped;
    expect(finished).toBe(true);
  });
});

describe('a worker whose Redis is away', () => {
  it('says so when that changes and not at each try, and stops in time meanwhile', async () => {
    const reports: CloseReport[] = [];
    const shutdown = new Shutdown((report) => reports.push(report));
    shutdowns.push(shutdown);
    const lines: string[] = [];
    const out = new PassThrough().on('data', (line: Buffer) => lines.push(...line.toString().trim().split('\n')));
    const jobs = new Jobs({ databaseUrl: postgres.url, redisUrl: redis.url }, openLog('info', out), shutdown);
    const events = (): unknown[] => lines.map((line) => (JSON.parse(line) as { event: unknown }).event);
    const said = (event: string) => eventually(event, () => (events().at(-1) === event ? true : null));
    let done = 0;
    jobs.work('away', async () => void done++);
    await jobs.add('away', {});
    await eventually('the first job', () => (done === 1 ? true : null));

    await redis.kill();
    await said('jobs_unreachable');
    await redis.restartEmpty();
    await said('jobs_reachable');
    await jobs.add('away', {});
    await eventually('a job after it', () => (done === 2 ? true : null));
    await redis.kill();
    await said('jobs_unreachable');
    await shutdown.run();
    expect(reports.map(({ outcome }) => outcome)).toEqual(['closed', 'closed']);
    expect(events().filter((event, i) => event === events()[i - 1])).toEqual([]);
  });
});
