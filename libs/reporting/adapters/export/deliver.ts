// Delivery of a finished export: into a folder, or into a bucket that speaks S3. The manifest goes last: where it is, the
// rest is. Files that are not what the manifest says are not delivered, so a run never arrives twice with another content. Every
// file is sent with its hash, which the other side checks. A file is one PUT, so 5 GB at most.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AwsClient } from 'aws4fetch';
import type { DeliveryTarget, ExportedFile, ExportManifest } from '../../index.js';

/** The bucket store of the installation. */
export interface S3Access {
  /** `https://s3.eu-central-1.amazonaws.com`, or of a store that speaks S3. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What to deliver, and how buckets are reached; null: not at all. */
export interface Delivery {
  readonly dir: string;
  /** Its name at the target; unique for the run. */
  readonly name: string;
  readonly manifest: ExportManifest;
  /** Of manifest.json. */
  readonly manifestSha256: string;
  readonly s3: S3Access | null;
}

const MANIFEST = 'manifest.json';
const SEND_MS_MAX = 15 * 60_000;

/** Delivers. @returns where it is now. @throws Error that says what went wrong; deliver again. */
export async function deliver(delivery: Delivery, target: DeliveryTarget): Promise<string> {
  await assertWhole(delivery);
  switch (target.kind) {
    case 'folder':
      return toFolder(delivery, target.path);
    case 's3':
      return toBucket(delivery, target);
  }
}

/** Its files with their hashes, the manifest last. */
function filesOf({ manifest, manifestSha256 }: Delivery): readonly Pick<ExportedFile, 'name' | 'sha256'>[] {
  return [...manifest.files, { name: MANIFEST, sha256: manifestSha256 }];
}

async function assertWhole(delivery: Delivery): Promise<void> {
  const other = await otherThanExported(delivery, delivery.dir);
  if (other !== null) throw new Error(`${other} is not the file that was exported: run the export again`);
}

/** The first file in a folder that is not the one of the export; null when all are. */
async function otherThanExported(delivery: Delivery, dir: string): Promise<string | null> {
  for (const { name, sha256 } of filesOf(delivery)) if ((await hashOf(join(dir, name))) !== sha256) return name;
  return null;
}

/** SHA-256 of a file; null where there is none. */
async function hashOf(path: string): Promise<string | null> {
  if ((await stat(path).catch(() => null)) === null) return null;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function toFolder(delivery: Delivery, path: string): Promise<string> {
  const { dir, name } = delivery;
  const place = join(path, name);
  // There already: whoever reads it is not disturbed.
  if ((await otherThanExported(delivery, place)) === null) return place;
  const partial = `${place}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  for (const file of filesOf(delivery)) await copyFile(join(dir, file.name), join(partial, file.name));
  await rm(place, { recursive: true, force: true });
  await rename(partial, place);
  return place;
}

async function toBucket(
  { dir, name, manifest, manifestSha256, s3 }: Delivery,
  { bucket, prefix }: Extract<DeliveryTarget, { kind: 's3' }>,
): Promise<string> {
  if (s3 === null)
    throw new Error('no bucket store is set up: set TRUNKLINE_EXPORT_S3_ENDPOINT, _REGION, _KEY_ID and _SECRET');
  const client = new AwsClient({ ...s3, service: 's3' });
  const stem = `${prefix.replace(/\/+$/, '')}${prefix === '' ? '' : '/'}${name}`;
  const place = `${s3.endpoint.replace(/\/+$/, '')}/${bucket}/${stem}`;
  for (const file of [...manifest.files, await manifestFile(dir, manifestSha256)]) {
    const headers = {
      'content-type': file.contentType,
      'content-length': String(file.bytes),
      'x-amz-content-sha256': file.sha256,
    };
    const signed = await client.sign(`${place}/${encodeURIComponent(file.name)}`, { method: 'PUT', headers });
    await send(signed, join(dir, file.name), file.bytes);
  }
  return `s3://${bucket}/${stem}`;
}

async function manifestFile(dir: string, sha256: string): Promise<ExportedFile> {
  const { size } = await stat(join(dir, MANIFEST));
  return { name: MANIFEST, contentType: 'application/json', bytes: size, sha256 };
}

// Not fetch: it sends a stream in chunks of unknown total, and S3 wants the length.
async function send(signed: Request, path: string, bytes: number): Promise<void> {
  const url = new URL(signed.url);
  const headers = { ...Object.fromEntries(signed.headers), 'content-length': String(bytes) };
  const request = (url.protocol === 'http:' ? plainRequest : tlsRequest)(url, {
    method: 'PUT',
    headers,
    signal: AbortSignal.timeout(SEND_MS_MAX),
  });
  const answered = new Promise<number>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
  answered.catch(() => undefined); // Awaited below, unless the sending fails first.
  await pipeline(createReadStream(path), request);
  const status = await answered;
  if (status < 200 || status > 299)
    throw new Error(
      `the bucket store answered ${status} for ${url.host}${url.pathname}: check keys, region and bucket`,
    );
}
