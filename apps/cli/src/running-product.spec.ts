import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newLink } from './access/link-command.js';
import { runningProduct } from './running-product.js';

/** A data folder of a product whose API answers so; what it was asked with. */
async function aFolder(status: number, body: unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-cli-'));
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(status).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets/operator-token'), 'token\n');
  const writeRunFile = (run: object) => writeFile(join(folder, 'run.json'), JSON.stringify(run));
  await writeRunFile({ adminApiUrl: `http://127.0.0.1:${address.port}/admin/api/v1` });
  return { folder, asked, writeRunFile, close: () => void server.close().closeAllConnections() };
}

describe('the product that runs', () => {
  const opened: Awaited<ReturnType<typeof aFolder>>[] = [];
  const product = async (status: number, body: unknown = {}) => {
    const folder = await aFolder(status, body);
    opened.push(folder);
    return folder;
  };
  afterAll(async () => {
    for (const { close, folder } of opened) {
      close();
      await rm(folder, { recursive: true });
    }
  });
  const ask = async ({ folder }: { readonly folder: string }) => (await runningProduct(folder))('/pools');

  it('is asked with the token of its data folder', async () => {
    const running = await product(200, { pools: [] });
    expect(await ask(running)).toEqual({ pools: [] });
    expect(running.asked).toEqual(['GET /admin/api/v1/pools Bearer token']);
  });

  it('makes a new one-time link, at its own address', async () => {
    const running = await product(201, { path: '/admin/start?token=x' });
    const link = await newLink(running.folder);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/admin\/start\?token=x$/);
    expect(running.asked).toEqual(['POST /admin/api/v1/one-time-link Bearer token']);
  });

  it('has nothing where it answers so', async () => {
    expect(await ask(await product(404))).toBeNull();
  });

  it('is said to run elsewhere when it does not know the token', async () => {
    await expect(ask(await product(401))).rejects.toThrow(/runs on another data folder. Give that as --data-dir/);
  });

  it('says in its own words why it cannot answer', async () => {
    await expect(ask(await product(503, { detail: 'Redis is away.' }))).rejects.toThrow('Redis is away.');
  });

  it('is said to be stopped when nobody answers', async () => {
    const running = await product(200);
    running.close();
    await expect(ask(running)).rejects.toThrow(/does not answer at 127.0.0.1:\d+.*`npm start`/);
  });

  it('is said to be older when it does not say where its API is', async () => {
    const running = await product(200);
    await running.writeRunFile({});
    await expect(ask(running)).rejects.toThrow('restart it');
  });

  it('is said not to be there when the folder is empty', async () => {
    const { folder } = await product(200);
    await expect(ask({ folder: join(folder, 'empty') })).rejects.toThrow(/no product runs on the data folder .*empty/);
  });
});
