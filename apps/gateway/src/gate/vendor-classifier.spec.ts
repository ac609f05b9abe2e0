import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trustedId } from '@trunkline/kernel';
import type { JournalRecord } from '@trunkline/metering';
import { TrustedPoster } from '@trunkline/platform/outbound';
import type { UpstreamAccount } from '../gateway-parts.js';
import { VendorClassifier, type VendorClassifierParts } from './vendor-classifier.js';

const SESSION = {
  id: trustedId('ses', 'ses_a'),
  tenantId: trustedId('tnt', 'tnt_a'),
  keyId: trustedId('key', 'key_a'),
  poolId: trustedId('pool', 'pool_a'),
};
const RESULT = { flagged: false, categories: { hate: false }, category_scores: { hate: 0.1 } };
const ANSWER = JSON.stringify({ id: 'modr-1', model: 'omni-moderation-latest', results: [RESULT] });

const poster = new TrustedPoster();
let server: Server;
let baseUrl: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
beforeEach(() => {
  answer = (_request, response) => void response.end(ANSWER);
});
afterAll(() => {
  poster.close();
  server.close();
});

function account(apiKey: string, vendor: UpstreamAccount['vendor'] = 'openai'): UpstreamAccount {
  return { baseUrl, apiKey, vendor, deployments: new Map(), ca: null };
}

const POOLS = [SESSION.poolId, trustedId('pool', 'pool_b'), trustedId('pool', 'pool_c')] as const;

/** A classifier for one session, whose pools have these accounts, the session's own first. */
function classifierOf(accounts: readonly UpstreamAccount[], rest: Partial<VendorClassifierParts<typeof SESSION>> = {}) {
  const records: JournalRecord[] = [];
  const told: string[] = [];
  const classifier = new VendorClassifier<typeof SESSION>({
    replicaId: trustedId('rep', 'rep_a'),
    sessionOf: (id) => (id === SESSION.id ? SESSION : null),
    accounts: () => accounts.map((each, i) => ({ poolId: POOLS[i] ?? SESSION.poolId, account: each })),
    poster,
    journal: { append: (record) => Promise.resolve(void records.push(record)) },
    nowMs: () => 1_000,
    metered: () => void told.push('metered'),
    unmetered: () => void told.push('unmetered'),
    ...rest,
  });
  const ask = (sessionId: string = SESSION.id, signal = new AbortController().signal) =>
    classifier.classify({
      model: 'omni-moderation-latest',
      content: { kind: 'typed_text', streamId: null, text: 'hello', startsAt: 0, complete: true },
      context: { tenantId: SESSION.tenantId, sessionId },
      signal,
    });
  return { ask, records, told };
}

describe("the vendor's moderation of a session", () => {
  it('is asked with the key of its pool, and metered to its tenant', async () => {
    let authorization: string | undefined;
    answer = (request, response) => {
      ({ authorization } = request.headers);
      response.end(ANSWER);
    };
    const { ask, records, told } = classifierOf([account('sk-own'), account('sk-other')]);
    expect(await ask()).toEqual([{ category: 'hate', score: 0.1, flagged: false }]);
    expect(authorization).toBe('Bearer sk-own');
    expect(records).toMatchObject([
      {
        kind: 'usage',
        event: {
          ...{ sessionId: 'ses_a', tenantId: 'tnt_a', keyId: 'key_a', poolId: 'pool_a', vendorObjectId: 'modr-1' },
          ...{ model: 'omni-moderation-latest', causedBy: 'policy', problem: null, occurredAtMs: 1_000 },
        },
      },
    ]);
    expect(told).toEqual(['metered']);
  });

  it('is asked of another pool where the own one cannot, and metered to that', async () => {
    const { ask, records } = classifierOf([account('sk-azure', 'azure'), account('sk-second')]);
    await ask();
    expect(records).toMatchObject([{ event: { poolId: 'pool_b' } }]);
    await expect(classifierOf([account('sk-azure', 'azure')]).ask()).rejects.toThrow(
      'no pool has an account that can moderate',
    );
  });

  it('is metered although its answer comes when nobody waits for it any more', async () => {
    const controller = new AbortController();
    answer = (_request, response) => {
      controller.abort();
      response.end(ANSWER);
    };
    const { ask, records } = classifierOf([account('sk-own')]);
    await ask(SESSION.id, controller.signal);
    expect(records).toMatchObject([{ event: { vendorObjectId: 'modr-1' } }]);
    await expect(ask(SESSION.id, controller.signal)).rejects.toThrow();
    expect(records).toHaveLength(1);
  });

  it('has its verdict although the journal takes no record, which is kept for later', async () => {
    const journal = { append: () => Promise.reject(new Error('full')) };
    const { ask, told } = classifierOf([account('sk-own')], { journal });
    expect(await ask()).toHaveLength(1);
    await Promise.resolve();
    expect(told).toEqual(['unmetered']);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['the vendor answered 500', (response) => response.writeHead(500).end(ANSWER)],
    ['the vendor answered 307', (response) => response.writeHead(307, { location: '/' }).end(ANSWER)],
    ["the vendor's answer could not be read", (response) => response.end('{}')],
    ['the vendor did not answer', (response) => response.destroy()],
  ])('fails and is not metered: %s', async (message, respond) => {
    answer = (_request, response) => respond(response);
    const { ask, records } = classifierOf([account('sk-own')]);
    await expect(ask()).rejects.toMatchObject({ name: 'HookFailed', message });
    expect(records).toEqual([]);
  });

  it('is not asked for a session that is gone', async () => {
    await expect(classifierOf([account('sk-own')]).ask('ses_b')).rejects.toThrow('the session is gone');
  });
});
