// Services of tenants' own that are told of findings, by the worker as a process of its own beside a gateway of its own: the shape
// that a company runs.
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startBed, UPSTREAM_KEY, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { makeDataDir, removeDataDir, startGateway, startOwnWorker, type Product } from '../support/product.js';
import { startTestRedis, type TestRedis } from '../support/redis.js';
import { connect } from '../support/voice-client.js';

const SLOW_MS = 120_000;
const KEY = Buffer.alloc(32, 9);
const CARD = '4111 1111 1111 1111';

/** A message to the service, as it came. */
interface Told {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let postgres: TestPostgres;
let redis: TestRedis;
let bed: GatewayBed;
let service: Server;
let origin: string;
const told: Told[] = [];
const running: Product<unknown>[] = [];
const dirs: string[] = [];
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  service = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      told.push({ headers: request.headers, body });
      // The first time it is away.
      response.writeHead(told.length === 1 ? 503 : 204).end();
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  bed = await startBed({ databaseUrl: postgres.url, flags: ['--redis-url', redis.url, '--webhook-allow', origin] });
}, SLOW_MS);
afterAll(async () => {
  await Promise.all(running.map((program) => program.stop()));
  await bed.stop();
  service.close();
  service.closeAllConnections();
  await Promise.all(dirs.map(removeDataDir));
  await redis.stop();
  await postgres.stop();
}, SLOW_MS);

/** The installation goes; a gateway and a worker, each with a folder of its own, take its place. */
async function apart(): Promise<string> {
  const pepper = (await readFile(join(bed.dataDir, 'secrets/pepper'), 'utf8')).trim();
  await bed.product().stop();
  const stores = ['--database-url', postgres.url, '--redis-url', redis.url, '--key-pepper', pepper];
  const upstream = ['--upstream-url', `${bed.simulator.httpUrl}/v1`, '--upstream-key', UPSTREAM_KEY];
  dirs.push(await makeDataDir(), await makeDataDir());
  const [gatewayDir = '', workerDir = ''] = dirs;
  const flags = [...stores, '--webhook-allow', origin];
  const gateway = await startGateway({ dataDir: gatewayDir, flags: [...flags, ...upstream, '--drain-soft', '0s'] });
  running.push(gateway, await startOwnWorker({ dataDir: workerDir, flags }));
  return gateway.ready.httpUrl;
}

it(
  'are told again by the same id until they answer, signed and without content',
  async () => {
    const secret = `whsec_${KEY.toString('base64')}`;
    const apiKey = await bed.keyUnder('notified', {
      hooks: [
        {
          ...{ type: 'personal_data', name: 'cards', onFailure: 'closed', detect: ['card_number'] },
          ...{ kinds: ['typed_text'], otherwise: { atLeast: 0.5, action: 'flag' } },
        },
      ],
      actions: [{ on: ['flag'], then: ['notify'] }],
      notify: { url: `${origin}/found`, secret },
    });
    const client = await connect(await apart(), { apiKey });
    const content = [{ type: 'input_text', text: `My card is ${CARD}.` }];
    client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    await client.next('conversation.item.added');
    await eventually('the service is told twice', () => (told.length >= 2 ? true : null), 30_000);
    await client.close();

    const [first, second] = told;
    const id = String(second?.headers['webhook-id']);
    expect(id).toMatch(/^msg_mfd_/);
    expect(first?.headers['webhook-id']).toBe(id);
    for (const { headers, body } of [first, second].flatMap((each) => each ?? [])) {
      const signed = `${id}.${String(headers['webhook-timestamp'])}.${body}`;
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`);
      expect(body).not.toContain('4111');
    }
    const { type, data } = JSON.parse(second?.body ?? '{}') as { type: string; data: Record<string, unknown> };
    expect([type, data]).toMatchObject([
      'moderation.finding',
      { session_id: client.sessionId, hook: 'cards', action: 'flag', kind: 'typed_text' },
    ]);
    const [item] = await bed.cli('moderation', 'review', 'list', 'notified');
    expect(item?.['item']).toBe(data['review_item_id']);
    await eventually('that it was told is kept', async () => {
      const done = await postgres.db.moderationAction.findMany({ where: { findingId: String(data['finding_id']) } });
      return done.length === 1 && done[0]?.outcome === 'told' ? true : null;
    });
    // Taken is taken.
    expect(told).toHaveLength(2);
  },
  SLOW_MS,
);
