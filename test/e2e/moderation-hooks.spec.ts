// Hooks that ask a service, in live sessions: the real gateway, a webhook that the test answers, and the upstream's own
// moderation, whose thoughts are known.
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBed, UPSTREAM_KEY, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { connect, type VoiceClient } from '../support/voice-client.js';

const SLOW_MS = 120_000;
const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString('base64')}`;
const DEADLINE_MS = 400;

/** A webhook's question, as it came. */
interface Asked {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let bed: GatewayBed;
let folder: string;
let webhook: Server;
let webhookUrl: string;
const asked: Asked[] = [];
let answer: (question: Asked, response: ServerResponse) => void;

const verdict = (body: unknown) => (_question: Asked, response: ServerResponse) =>
  void response.end(JSON.stringify(body));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-hooks-'));
  webhook = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`;
  webhookUrl = `${origin}/judge`;
  bed = await startBed({ flags: ['--webhook-allow', origin] });
}, 120_000);
beforeEach(() => {
  asked.length = 0;
  answer = verdict({ verdict: 'pass' });
});
afterAll(async () => {
  await bed.stop();
  webhook.close();
  webhook.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
}, SLOW_MS);

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const piece of request) body += String(piece);
  const question = { headers: request.headers, body };
  asked.push(question);
  answer(question, response);
}

async function cliWith(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Record<string, string>[]> {
  const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', '--data-dir', bed.dataDir], env);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string>[];
}

/** A session of a new tenant with these hooks. */
async function sessionUnder(slug: string, hooks: readonly object[]): Promise<VoiceClient> {
  const apiKey = await bed.keyUnder(slug, { hooks });
  const client = await connect(bed.product().ready.httpUrl, { apiKey });
  await client.next('session.created');
  return client;
}

const webhookHook = (rest: object = {}) => ({
  ...{ type: 'webhook', name: 'ours', onFailure: 'closed', deadlineMs: DEADLINE_MS, kinds: ['typed_text'] },
  ...{ url: webhookUrl, secret: SECRET },
  ...rest,
});

/** What becomes of a typed text, and after how long, as it arrives. */
async function type(client: VoiceClient, text: string): Promise<{ readonly outcome: string; readonly tookMs: number }> {
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
  const startedMs = performance.now();
  const outcome = new Promise<string>((resolve) => {
    const listen = (data: unknown): void => {
      const event = JSON.parse(String(data)) as { readonly type: string; readonly error?: { readonly code: string } };
      if (event.type !== 'error' && event.type !== 'conversation.item.added') return;
      client.socket.off('message', listen);
      resolve(event.error?.code ?? 'added');
    };
    client.socket.on('message', listen);
  });
  client.send({ type: 'conversation.item.create', item });
  return { outcome: await outcome, tookMs: performance.now() - startedMs };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

describe('a webhook', () => {
  it(
    'is asked with a signature that holds, and its verdict holds',
    async () => {
      const client = await sessionUnder('signed', [webhookHook()]);
      expect((await type(client, 'hello')).outcome).toBe('added');
      const [question] = asked;
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = question?.headers ?? {};
      const signed = `${String(id)}.${String(at)}.${question?.body ?? ''}`;
      expect(signature).toBe(`v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`);
      expect(JSON.parse(question?.body ?? '{}')).toMatchObject({ data: { kind: 'typed_text', text: 'hello' } });
      answer = verdict({ verdict: 'block', categories: { ours: 0.9 } });
      expect((await type(client, 'hello again')).outcome).toBe('content_blocked');
      answer = verdict({ verdict: 'redact', spans: [{ start: 0, end: 5 }] });
      await type(client, 'Smith called');
      await eventually('the redacted text', () =>
        JSON.stringify(client.events).includes('[removed] called') ? true : null,
      );
      await client.close();
    },
    SLOW_MS,
  );

  it(
    'has its secret kept sealed',
    async () => {
      const [shown] = await bed.cli('moderation', 'show', 'signed');
      expect(shown?.['policy']).toContain('sealed:v1.');
      expect(shown?.['policy']).not.toContain('whsec_');
    },
    SLOW_MS,
  );
});

describe('a webhook that fails', () => {
  it(
    'has the effect of its policy, open or closed, and is not asked for ever',
    async () => {
      const [closed, opened] = await Promise.all([
        sessionUnder('fails-closed', [webhookHook()]),
        sessionUnder('fails-open', [webhookHook({ onFailure: 'open' })]),
      ]);
      const broken: (typeof answer)[] = [
        (_question, response) => void response.destroy(),
        (_question, response) => void response.writeHead(500).end('{"verdict":"pass"}'),
        verdict('pass'),
        () => undefined,
      ];
      for (const each of broken) {
        answer = each;
        const outcomes = await Promise.all([type(closed, 'hello'), type(opened, 'hello')]);
        expect(outcomes.map(({ outcome }) => outcome)).toEqual(['content_blocked', 'added']);
      }
      // Nobody answers from here on: who is asked waits for the deadline, until nobody is asked any more.
      const took: number[] = [];
      for (let i = 0; i < 12; i++) took.push((await type(closed, `hello ${i}`)).tookMs);
      expect(took.filter((ms) => ms >= DEADLINE_MS).length).toBeLessThan(4);
      expect(median(took)).toBeLessThan(DEADLINE_MS);
      await Promise.all([closed.close(), opened.close()]);
      // What nobody judged waits for a person: why, and what became of it.
      for (const [slug, action] of [
        ['fails-closed', 'block'],
        ['fails-open', 'pass'],
      ] as const)
        await eventually(`an unjudged item of ${slug}`, async () => {
          const [item] = await bed.cli('moderation', 'review', 'list', slug);
          return JSON.stringify([item?.['actions'], item?.['unjudged']]).startsWith(`[["${action}"],["failed"`) || null;
        });
    },
    SLOW_MS,
  );

  it(
    'costs other tenants nothing while it is slow',
    async () => {
      const [slow, neighbour] = await Promise.all([
        sessionUnder('slow', [webhookHook({ deadlineMs: 5_000 })]),
        sessionUnder('beside', [{ type: 'terms', name: 'words', onFailure: 'closed', terms: [{ text: 'forbidden' }] }]),
      ]);
      const open: ServerResponse[] = [];
      answer = (_question, response) => void open.push(response);
      const quiet: number[] = [];
      const disturbed: number[] = [];
      // By turns, so that both are measured on a machine that is as busy.
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 10; j++) quiet.push((await type(neighbour, `hello ${i} ${j}`)).tookMs);
        const waits = type(slow, `hello ${i}`);
        await eventually('the question is open', () => (open.length > 0 ? true : null));
        for (let j = 0; j < 10; j++) disturbed.push((await type(neighbour, `bye ${i} ${j}`)).tookMs);
        open.pop()?.end('{"verdict":"pass"}');
        expect((await waits).outcome).toBe('added');
      }
      expect(median(disturbed) / Math.max(5, median(quiet))).toBeLessThan(3);
      // Nor does its audio wait until the slow one is done.
      let isJudged = false;
      const waits = type(slow, 'hello').finally(() => (isJudged = true));
      await eventually('the question is open', () => (open.length > 0 ? true : null));
      neighbour.send({ type: 'response.create' });
      await neighbour.next('response.output_audio.delta');
      expect(isJudged).toBe(false);
      open.pop()?.end('{"verdict":"pass"}');
      await waits;
      await Promise.all([slow.close(), neighbour.close()]);
    },
    SLOW_MS,
  );
});

describe("the upstream's moderation", () => {
  const openai = (rest: object = {}) => ({
    ...{ type: 'openai', name: 'vendor', onFailure: 'closed', kinds: ['typed_text', 'image'], deadlineMs: 2_000 },
    ...rest,
  });

  it(
    "blocks what it flags, by the gateway's own account, and is in the books",
    async () => {
      const slug = 'vendor-flags';
      const client = await sessionUnder(slug, [openai({ categories: { hate: { atLeast: 0.3, action: 'block' } } })]);
      const outcomes = [];
      // "punch" is near the vendor's line, "dislike" over the policy's own.
      for (const text of ['hello', 'I will kill it', 'a punch', 'I dislike it'])
        outcomes.push((await type(client, text)).outcome);
      expect(outcomes).toEqual(['added', 'content_blocked', 'added', 'content_blocked']);
      const calls = bed.simulator.moderations.list();
      expect(calls.map(({ key, flagged }) => [key, flagged])).toEqual([
        ['sk-upstream', false],
        ['sk-upstream', true],
        ['sk-upstream', false],
        ['sk-upstream', false],
      ]);
      await client.close();
      await eventually('the calls in the books', async () => {
        const rows = await bed.cli('usage', '--tenant', slug);
        return rows.filter((row) => JSON.stringify(row).includes('omni-moderation')).length > 0 ? true : null;
      });
      // The vendor's books do not list what is free.
      const books = ['--usage-url', `${bed.simulator.httpUrl}/v1`, '--admin-key', 'sk-admin-simulator'];
      const runs = await bed.cli('reconcile', 'run', '--day', new Date().toISOString().slice(0, 10), ...books);
      expect(runs.flatMap(({ differences }) => differences)).toEqual([]);
    },
    SLOW_MS,
  );

  it(
    'blocks where it fails closed, and only then',
    async () => {
      const client = await sessionUnder('vendor-fails', [openai({ deadlineMs: DEADLINE_MS })]);
      for (const action of ['http_500', 'garbage', 'never_answer'] as const) {
        bed.simulator.configure({ faults: [{ at: 'moderation', action, times: 1 }] });
        expect((await type(client, 'hello')).outcome).toBe('content_blocked');
        expect((await type(client, 'hello')).outcome).toBe('added');
      }
      await client.close();
    },
    SLOW_MS,
  );
});

it(
  'a policy can be tried from a shell: its services are asked, and what went wrong is said',
  async () => {
    const hooks = [
      webhookHook({ onFailure: 'open' }),
      { type: 'openai', name: 'vendor', onFailure: 'open', categories: { violence: { atLeast: 0.9, action: 'flag' } } },
    ];
    const file = join(folder, 'tried.json');
    await writeFile(file, JSON.stringify({ version: 1, hooks }));
    answer = verdict({ verdict: 'flag', categories: { ours: 0.5 } });
    const tried = ['moderation', 'try', '--file', file, '--kind', 'typed_text', '--text', 'I will kill it'];
    const env = {
      ...{ OPENAI_API_KEY: UPSTREAM_KEY, OPENAI_BASE_URL: `${bed.simulator.httpUrl}/v1` },
      TRUNKLINE_WEBHOOK_ALLOW: new URL(webhookUrl).origin,
    };
    expect(await cliWith(env, ...tried)).toMatchObject([
      { hook: 'ours', found: 'ours', leads_to: 'flag' },
      { hook: 'vendor', found: 'violence', leads_to: 'flag' },
    ]);
    expect(await cliWith({}, ...tried)).toMatchObject([
      { hook: 'ours', found: expect.stringMatching(/^failed: .*only https/) as string, leads_to: 'pass' },
      { hook: 'vendor', found: expect.stringMatching(/^failed: .*OPENAI_API_KEY/) as string, leads_to: 'pass' },
    ]);
  },
  SLOW_MS,
);

it(
  'a combination of hooks blocks what only together is too much',
  async () => {
    const client = await sessionUnder('combined', [
      {
        ...{ type: 'composite', name: 'together', onFailure: 'closed', combine: 'weighted', kinds: ['typed_text'] },
        otherwise: { atLeast: 0.6, action: 'block' },
        hooks: [
          { type: 'openai', rename: { violence: 'threat' } },
          { type: 'terms', terms: [{ text: 'tomorrow', category: 'threat' }] },
        ],
      },
    ]);
    const outcomes = [];
    for (const text of ['a punch', 'tomorrow', 'a punch tomorrow']) outcomes.push((await type(client, text)).outcome);
    expect(outcomes).toEqual(['added', 'added', 'content_blocked']);
    await client.close();
  },
  SLOW_MS,
);
