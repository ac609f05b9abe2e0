// Delivery, to a folder and to a store of buckets that checks what it is sent: AWS Signature Version 4 computed here, by the
// specification, and the hash of the content.
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveryTarget, ExportManifest } from '../../index.js';
import { deliver, type S3Access } from './deliver.js';

const SECRET = 'a secret only for this test';
const TEXT = 'a;b\r\n1;2\r\n';
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

let dir: string;
let out: string;
let server: Server;
let s3: S3Access;
let stored: Map<string, string>;
const order: string[] = [];

beforeAll(async () => {
  stored = new Map();
  dir = await mkdtemp(join(tmpdir(), 'trunkline-deliver-'));
  out = await mkdtemp(join(tmpdir(), 'trunkline-delivered-'));
  await writeFile(join(dir, 'charges.csv'), TEXT);
  await writeFile(join(dir, 'manifest.json'), '{}\n');
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const problem = problemOf(request, body);
      if (problem === null) {
        stored.set(request.url ?? '', body.toString());
        order.push(request.url ?? '');
      }
      response.writeHead(problem === null ? 200 : 403).end(problem ?? '');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const endpoint = `http://127.0.0.1:${address.port}`;
  s3 = { endpoint, region: 'eu-central-1', accessKeyId: 'AKIATEST', secretAccessKey: SECRET };
});
afterAll(async () => {
  server.close();
  await once(server, 'close');
  await rm(dir, { recursive: true, force: true });
  await rm(out, { recursive: true, force: true });
});

const manifest = ExportManifest.parse({
  ...{ format: 'csv', formatVersion: 1, period: '2026-11', tenantId: null, options: {}, status: 'FINAL', closes: {} },
  files: [{ name: 'charges.csv', contentType: 'text/csv', bytes: TEXT.length, sha256: sha256(TEXT) }],
  ...{ rows: 1, totals: {}, costCentres: {} },
});
const delivery = (over: Partial<S3Access> = {}) => ({
  dir,
  name: '2026-11-csv-exp_1',
  manifest,
  manifestSha256: sha256('{}\n'),
  s3: { ...s3, ...over },
});
const bucket = DeliveryTarget.parse({ kind: 's3', bucket: 'finance', prefix: 'voice/' });

describe('a delivery', () => {
  it('puts the files into a folder, whole', async () => {
    const place = await deliver(delivery(), DeliveryTarget.parse({ kind: 'folder', path: out }));
    expect((await readdir(place)).sort()).toEqual(['charges.csv', 'manifest.json']);
    expect(await readFile(join(place, 'charges.csv'), 'utf8')).toBe(TEXT);
    expect(await readdir(out)).toEqual(['2026-11-csv-exp_1']);
  });

  it('puts the files into a bucket, signed, the manifest last', async () => {
    expect(await deliver(delivery(), bucket)).toBe('s3://finance/voice/2026-11-csv-exp_1');
    expect(stored.get('/finance/voice/2026-11-csv-exp_1/charges.csv')).toBe(TEXT);
    expect(order.at(-1)).toBe('/finance/voice/2026-11-csv-exp_1/manifest.json');
  });

  it('sends nothing that is not what was exported', async () => {
    const before = order.length;
    for (const target of [bucket, DeliveryTarget.parse({ kind: 'folder', path: join(out, 'not') })]) {
      const changed = { ...delivery(), manifestSha256: sha256('another') };
      await expect(deliver(changed, target)).rejects.toThrow('manifest.json is not the file that was exported');
    }
    expect(order).toHaveLength(before);
    expect(await readdir(out)).toEqual(['2026-11-csv-exp_1']);
  });

  it('fails, and says so, when the store refuses', async () => {
    await expect(deliver(delivery({ secretAccessKey: 'wrong' }), bucket)).rejects.toThrow(/answered 403/);
  });

  it('fails when no store is set up', async () => {
    await expect(deliver({ ...delivery(), s3: null }, bucket)).rejects.toThrow(/TRUNKLINE_EXPORT_S3_ENDPOINT/);
  });

  it.each([
    { kind: 'folder', path: 'relative' },
    { kind: 'folder', path: '/a/../b' },
    { kind: 's3', bucket: '../x' },
    { kind: 's3', bucket: 'finance', prefix: 'a?b' },
    { kind: 'ftp' },
  ])('is refused with the target %j', (target) => {
    expect(DeliveryTarget.safeParse(target).success).toBe(false);
  });
});

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What is wrong with a request by Signature Version 4; null when nothing is. */
function problemOf({ method, url, headers }: IncomingMessage, body: Buffer): string | null {
  const [, scope = '', names = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=AKIATEST\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [date = '', region = '', service = ''] = scope.split('/');
  const contentHash = String(headers['x-amz-content-sha256']);
  if (contentHash !== sha256(body)) return 'the content is not what was signed';
  if (headers['content-length'] === undefined) return 'no length';
  const signed = names.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, url, '', signed.join(''), names, contentHash].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${SECRET}`, date), region), service), 'aws4_request');
  return hmac(key, toSign).toString('hex') === signature ? null : 'the signature is wrong';
}
