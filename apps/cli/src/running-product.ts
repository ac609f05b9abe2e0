// The product that runs on a data folder, asked over its admin API: where it is stands in run.json, the token in its
// secrets. Guarantees that whatever keeps it from answering is said with what to do about it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutOf } from '@trunkline/platform/data-folder';
import { readSecret } from '@trunkline/platform/secrets';
import { z } from 'zod';

/** The product that runs. */
export interface AskProduct {
  /** Asks a path of the admin API; null when there is nothing at it (404). @throws Error that says what to do. */
  (path: string, method?: 'GET' | 'POST'): Promise<unknown>;
  /** Scheme, host and port of its admin pages. */
  readonly origin: string;
}

// The product itself gives up a look after five.
const ANSWER_MS_MAX = 10_000;

const RunFile = z.looseObject({ adminApiUrl: z.url() });
const Problem = z.looseObject({ detail: z.string() });

/** Finds the product of a data folder. @throws Error that says what to do when there is none. */
export async function runningProduct(dataDir: string): Promise<AskProduct> {
  const { path: folder, secretsDir } = layoutOf(dataDir);
  const text = await readFile(join(folder, 'run.json'), 'utf8').catch(() => null);
  const token = await readSecret(join(secretsDir, 'operator-token'));
  if (text === null || token === null)
    throw new Error(
      `no product runs on the data folder ${folder}: start it with \`npm start\`, give the --data-dir of the one that ` +
        'runs, or set REDIS_URL to the Redis of the gateways',
    );
  const run = RunFile.safeParse(JSON.parse(text));
  if (!run.success) throw new Error(`the product on ${folder} is of an older version: restart it with \`npm start\``);
  const { adminApiUrl } = run.data;
  const asking = (path: string, method: 'GET' | 'POST' = 'GET') =>
    ask(`${adminApiUrl}${path}`, { token, folder, method });
  return Object.assign(asking, { origin: new URL(adminApiUrl).origin });
}

interface Asked {
  readonly token: string;
  readonly folder: string;
  readonly method: 'GET' | 'POST';
}

async function ask(url: string, { token, folder, method }: Asked): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch(
    (cause: unknown) => {
      throw new Error(
        `the product on ${folder} does not answer at ${new URL(url).host}: it was stopped or is stuck. Start it with ` +
          '`npm start` (a stop by force leaves run.json behind)',
        { cause },
      );
    },
  );
  if (response.status === 404) return null;
  if (response.status === 401)
    throw new Error(
      `what answers at ${new URL(url).host} does not know the operator token of ${folder}: it runs on another data ` +
        'folder. Give that as --data-dir',
    );
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new Error(Problem.safeParse(body).data?.detail ?? `the product answered with status ${response.status}`);
}
