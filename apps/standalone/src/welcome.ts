import type { Ready } from './run-file.js';

const USUAL_DIR = './data';

/** What a person sees when the product is ready. @param dataDir the commands beside it must be told an unusual one. */
export function welcome(ready: Ready, dataDir: string): string {
  const dir = dataDir === USUAL_DIR ? '' : `--data-dir ${dataDir} `;
  const upstream = ready.simulator
    ? `THE SIMULATOR, not OpenAI: set OPENAI_API_KEY to talk to OpenAI (simulator at ${ready.upstreamUrl})`
    : ready.upstreamUrl;
  return `
Trunkline is ready.

  apps connect to   ${ready.httpsUrl}/v1   and   ${ready.httpUrl}/v1
  API key           ${ready.apiKey}   (tenant ${ready.tenantId})
  upstream          ${upstream}
  admin             ${ready.adminUrl}   (one-time link)
  metrics           ${ready.metricsUrl}

  trust the local certificate:   export NODE_EXTRA_CA_CERTS=${ready.caFile}
  talk to it:                    npm run talk -- ${dir}--text "Hello there."
  administer it:                 npm run cli -- ${dir}tenant list

`;
}
