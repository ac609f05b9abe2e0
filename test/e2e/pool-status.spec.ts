// What operators see of the fair cap, on the product as `npm start` runs it: no Redis, the lines in its process.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PoolStatusShape, type PoolStatus } from '@trunkline/admission';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { makeDataDir, removeDataDir, runProgram } from '../support/product.js';
import { connect, type VoiceClient } from '../support/voice-client.js';

const CAP = 3;
let bed: GatewayBed;
let elsewhere: string;
const clients: VoiceClient[] = [];
beforeAll(async () => {
  bed = await startBed({ flags: ['--seed-caps', String(CAP)] });
  elsewhere = await makeDataDir();
}, 120_000);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await bed.stop();
  await removeDataDir(elsewhere);
}, 120_000);

const run = (args: readonly string[], dataDir = bed.dataDir) => runProgram('cli', [...args, '--data-dir', dataDir]);
const cli = async (...args: string[]): Promise<unknown> => {
  const { code, stdout, stderr } = await run([...args, '--json']);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
};
const status = async (): Promise<PoolStatus> => {
  const [only] = z.tuple([PoolStatusShape]).parse(await cli('pool', 'status', 'default', '--lines'));
  return only;
};

/** A tenant with a floor, that may wait, and its key: who knows the key knows the rest. */
async function aTenant(slug: string, floor: number): Promise<string> {
  await cli('tenant', 'create', '--name', slug, '--slug', slug);
  await cli('share', 'set', '--pool', 'default', '--tenant', slug, '--floor', String(floor), '--weight', '2');
  await cli('tenant', 'limits', slug, '--wait', '20s');
  const [key] = z
    .tuple([z.object({ secret: z.string() })])
    .parse(await cli('key', 'create', '--tenant', slug, '--name', `${slug} prod`));
  return key.secret;
}

/** Calls until the new key is known; the policy is half a second behind. */
async function call(apiKey: string): Promise<VoiceClient> {
  const client = await eventually('the new key is known', () =>
    connect(bed.product().ready.httpUrl, { apiKey }).catch((error: unknown) => {
      if (String(error).includes('401')) return null;
      throw error;
    }),
  );
  clients.push(client);
  return client;
}

const adminApi = async () => {
  const run = z
    .object({ adminApiUrl: z.string() })
    .parse(JSON.parse(await readFile(join(bed.dataDir, 'run.json'), 'utf8')));
  return run.adminApiUrl;
};
const token = async () => (await readFile(join(bed.dataDir, 'secrets/operator-token'), 'utf8')).trim();

/** The gauges of pools, without their common prefix. */
async function metricsOfPools(): Promise<readonly string[]> {
  const { metricsUrl } = z
    .object({ metricsUrl: z.string() })
    .parse(JSON.parse(await readFile(join(bed.dataDir, 'run.json'), 'utf8')));
  const text = await (await fetch(metricsUrl)).text();
  return [...text.matchAll(/^trunkline_pool_(.*)$/gm)].map(([, series = '']) => series);
}

describe('the status of a pool', () => {
  it('shows who holds a line, who waits for one, and what is held back for whom', async () => {
    // 3 lines: 1 held back for front, 1 for bots, 1 to lend.
    await aTenant('front', 1);
    const bots = await aTenant('bots', 1);
    const first = await call(bots);
    const second = await call(bots);
    const third = call(bots);
    const shown = await eventually('the third call waits', async () => {
      const now = await status();
      return now.totals.waiting === 1 ? now : null;
    });
    expect(shown).toMatchObject({ pool: 'default', status: 'active' });
    expect(shown.totals).toEqual({
      ...{
        cap: CAP,
        open: 2,
        pending: 0,
        kept: 0,
        free: 1,
        heldBack: 1,
        waiting: 1,
        pausedForMs: 0,
        pausedFamilies: {},
        recoveringMs: 0,
      },
    });
    const idle = { held: 0, pending: 0, kept: 0, waiting: 0, ceiling: null };
    expect(shown.tenants.map(({ tenantId: _, ...standing }) => standing)).toEqual([
      { ...idle, tenant: 'bots', held: 2, waiting: 1, floor: 1, weight: 2, fairShare: 2, owed: 0 },
      { ...idle, tenant: 'front', floor: 1, weight: 2, fairShare: 0, owed: 0 },
    ]);
    const holder = { tenant: 'bots', key: 'bots prod', family: 'gpt-realtime' };
    expect(shown.lines).toMatchObject([
      { ...holder, sessionId: first.sessionId, state: 'open' },
      { ...holder, sessionId: second.sessionId, state: 'open' },
    ]);
    expect(shown.waiting).toMatchObject([holder]);
    for (const { since } of [...shown.lines, ...shown.waiting])
      expect(Math.abs(Date.now() - Date.parse(since))).toBeLessThan(60_000);

    expect(await metricsOfPools()).toEqual(
      expect.arrayContaining([
        ...['lines_cap{pool="default"} 3', 'lines{pool="default",state="open"} 2', 'lines_free{pool="default"} 1'],
        ...['lines_held_back{pool="default"} 1', 'waiting_calls{pool="default"} 1'],
        ...['tenant_lines{pool="default",tenant="bots"} 2', 'tenant_lines_floor{pool="default",tenant="front"} 1'],
        ...[
          'tenant_waiting_calls{pool="default",tenant="bots"} 1',
          'tenant_lines_owed{pool="default",tenant="bots"} 0',
        ],
      ]),
    );

    await first.close();
    expect((await third).sessionId).toBe(shown.waiting[0]?.sessionId);
    expect((await status()).totals).toMatchObject({ open: 2, waiting: 0 });
  }, 120_000);

  it('is a table for people, with the lines where they are asked for', async () => {
    const { stdout } = await run(['pool', 'status', '--lines']);
    expect(stdout).toMatch(
      /^pool +status +cap +open +pending +kept +free +held_back +waiting +paused_for\ndefault +active +3 /,
    );
    expect(stdout).toMatch(/\npool +tenant +held .* owed\ndefault +bots +2 /);
    expect(stdout).toMatch(/\ndefault +open +bots +bots prod +gpt-realtime +20\d\d-.* ses_\w+ +rep_\w+\n/);
  }, 120_000);

  it('is refused with words that help: no such pool, nothing runs there', async () => {
    expect(await run(['pool', 'status', 'no-such'])).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('There is no pool "no-such"') },
    });
    expect(await run(['pool', 'status'], elsewhere)).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('no product runs on the data folder') },
    });
  }, 120_000);
});

describe('a pool', () => {
  it('is not removed while it takes sessions or has any, and the refusal says what to do', async () => {
    const removal = () => run(['pool', 'remove', 'default']);
    expect(await removal()).toMatchObject({ code: 1, stderr: expect.stringContaining('`pool drain default`') });
    await cli('pool', 'drain', 'default');
    expect(await removal()).toMatchObject({ code: 1, stderr: expect.stringContaining('still has 2 sessions open') });
    await cli('pool', 'undrain', 'default');
    expect(await status()).toMatchObject({ status: 'active', totals: { open: 2 } });
  }, 120_000);
});

describe('the operator token', () => {
  it('is made by the start for its owner only, and is in no file that others read', async () => {
    expect((await stat(join(bed.dataDir, 'secrets/operator-token'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(bed.dataDir, 'run.json'), 'utf8')).not.toContain(await token());
    expect(bed.product().stderr()).not.toContain(await token());
  });

  it('opens the API and not the pages; without it the API answers 401 with a problem', async () => {
    const url = await adminApi();
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const refused = await fetch(`${url}/pools`, { headers });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(await refused.json()).toMatchObject({ status: 401, code: 'sign_in_required' });
    }
    const headers = { authorization: `Bearer ${await token()}` };
    expect((await fetch(`${url}/pools`, { headers })).status).toBe(200);
    const statement = new URL('/admin/statements/2026-11/tenants/bots', url);
    expect((await fetch(statement, { headers })).status).toBe(401);
  });
});
