import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '../http/index.js';
import { localTls } from './local-tls.js';

const NOW = Date.now();
const DAY = 86_400_000;
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-tls-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('local TLS', () => {
  it('is trusted by a client that knows the authority, under each local name', async () => {
    const tls = await localTls(dir, NOW);
    const server = createServer({ cert: tls.certPem, key: tls.keyPem }, (_request, response) => response.end('hello'));
    const port = await listen(server, { host: '127.0.0.1', port: 0, flag: '--https-port' });
    const ca = await readFile(tls.caFile, 'utf8');
    for (const host of ['localhost', '127.0.0.1']) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const request = get({ host, port, ca, family: 4, agent: false }, (response) =>
          resolve(response.resume().statusCode),
        );
        request.on('error', reject);
      });
      expect(status).toBe(200);
    }
    server.close();
  });

  it('keeps its certificates across starts and its private keys to the owner', async () => {
    const first = await localTls(dir, NOW);
    expect(await localTls(dir, NOW)).toEqual(first);
    for (const key of ['ca.key', 'server.key']) expect((await stat(join(dir, key))).mode & 0o077).toBe(0);
  });

  it('renews the certificate before it ends, under the same authority', async () => {
    const first = await localTls(dir, NOW);
    const ca = await readFile(first.caFile, 'utf8');
    const later = await localTls(dir, NOW + 365 * DAY);
    expect(later.certPem).not.toBe(first.certPem);
    expect(await readFile(later.caFile, 'utf8')).toBe(ca);
  });

  it('makes anew what a crash left half written', async () => {
    await localTls(dir, NOW);
    await writeFile(join(dir, 'server.crt'), '-----BEGIN CERT');
    expect((await localTls(dir, NOW)).certPem).toContain('END CERTIFICATE');
  });
});
