import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenTls } from './given-tls.js';
import { localTls } from './local-tls.js';

const NOW = Date.now();
const YEAR = 365 * 86_400_000;
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trunkline-tls-'));
  await localTls(dir, NOW);
});
afterEach(() => rm(dir, { recursive: true }));
const file = (name: string): string => join(dir, name);

describe('a certificate that was brought', () => {
  it('is used when the pair fits and is in date', async () => {
    const tls = await givenTls(file('server.crt'), file('server.key'), NOW);
    expect(tls.certPem).toContain('BEGIN CERTIFICATE');
    expect(tls.caFile).toBe(file('server.crt'));
  });

  it.each([
    ['of another key', () => givenTls(file('server.crt'), file('ca.key'), NOW), /is not the private key of/],
    ['that ended', () => givenTls(file('server.crt'), file('server.key'), NOW + 2 * YEAR), /ended on .*Renew it/],
    ['that is missing', () => givenTls(file('none.crt'), file('server.key'), NOW), /Cannot read .*none\.crt/],
    ['that is none', () => givenTls(file('server.key'), file('server.key'), NOW), /does not hold a certificate/],
  ])('%s is refused', async (_name, read, message) => {
    await expect(read()).rejects.toThrow(message);
  });

  it('with a key that is none is refused', async () => {
    await writeFile(file('bad.key'), 'secret canary');
    const error = await givenTls(file('server.crt'), file('bad.key'), NOW).catch(String);
    expect(error).toMatch(/bad\.key does not hold a private key/);
    expect(error).not.toContain('canary');
  });
});
