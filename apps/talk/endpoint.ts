// Where to call and with which key: flags first, then the environment an OpenAI app already has, then a gateway that
// `npm start` runs on this machine and describes in its data folder.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What is needed to dial a gateway. `caPem` is the local certificate authority to trust, when there is one. */
export interface Endpoint {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly caPem: string | null;
  /** Whether it is known that a simulator answers, not a model. */
  readonly simulator: boolean;
}

export interface EndpointFlags {
  readonly url?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly dataDir: string;
}

const runFile = z.looseObject({
  httpsUrl: z.url(),
  caFile: z.string(),
  apiKeyFile: z.string(),
  simulator: z.boolean(),
});

/** Finds the endpoint; throws with what to do when neither flags, environment nor a running gateway give one. */
export async function findEndpoint(flags: EndpointFlags, env: NodeJS.ProcessEnv): Promise<Endpoint> {
  const url = flags.url ?? env['OPENAI_BASE_URL'];
  const key = flags.key ?? env['OPENAI_API_KEY'];
  if (url && key) {
    const caPem = flags.ca ? await readFile(flags.ca, 'utf8') : null;
    return { baseUrl: url, apiKey: key, caPem, simulator: false };
  }
  const path = join(flags.dataDir, 'run.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`no gateway found: start one with \`npm start\`, or give --url and --key (looked for ${path})`, {
      cause,
    });
  });
  const run = runFile.parse(JSON.parse(text));
  return {
    baseUrl: url ?? `${run.httpsUrl}/v1`,
    apiKey: key ?? (await readFile(run.apiKeyFile, 'utf8')).trim(),
    caPem: await readFile(flags.ca ?? run.caFile, 'utf8'),
    simulator: url === undefined && run.simulator,
  };
}
