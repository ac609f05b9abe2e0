// The bill of a finished session as the gateway counts it: tokens by class and the cost to the last digit.
import { Agent, get } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Endpoint } from './endpoint.js';

const SETTLE_MS_MAX = 15_000;
const POLL_MS = 100;

const sessionBill = z.looseObject({
  id: z.string(),
  status: z.enum(['open', 'closed']),
  usage: z.array(
    z.object({ model: z.string().nullable(), meter: z.string(), quantity: z.string(), cost: z.string().nullable() }),
  ),
  cost: z.object({ amount: z.string(), currency: z.string() }),
});

/** A session's usage and cost, amounts as exact decimals. */
export type SessionBill = z.infer<typeof sessionBill>;

/** Fetches the bill once the gateway has settled the session; throws when it does not within 15 s. */
export async function fetchBill(endpoint: Endpoint, sessionId: string): Promise<SessionBill> {
  const url = `${endpoint.baseUrl.replace(/\/$/, '')}/trunkline/sessions/${sessionId}`;
  const deadline = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const bill = sessionBill.parse(JSON.parse(await fetchText(url, endpoint)));
    if (bill.status === 'closed') return bill;
    if (performance.now() > deadline)
      throw new Error(`session ${sessionId} was not settled within ${SETTLE_MS_MAX / 1000} s`);
    await delay(POLL_MS);
  }
}

/** The bill as lines of text. */
export function formatBill(bill: SessionBill): string {
  const rows = bill.usage.map(
    (line) =>
      `  ${line.meter.padEnd(28)}${line.quantity.padStart(12)}  ${line.model ?? '?'}  ${line.cost ?? 'no price'}`,
  );
  return [...rows, `  cost ${bill.cost.amount} ${bill.cost.currency}`].join('\n');
}

// `fetch` cannot be told which authority to trust for one request, `https.get` can.
function fetchText(url: string, endpoint: Endpoint): Promise<string> {
  const agent = new Agent(endpoint.caPem ? { ca: endpoint.caPem } : {});
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${endpoint.apiKey}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(body)
          : reject(new Error(`HTTP ${response.statusCode}: ${body.slice(0, 500)}`)),
      );
      response.on('error', reject);
    }).on('error', reject);
  });
}
