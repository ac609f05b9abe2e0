import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { openSessions } from '../support/oracle.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { connect, textTurn, tryConnect, type VoiceClient } from '../support/voice-client.js';

const CAP = 5;
let bed: GatewayBed;
beforeAll(async () => {
  bed = await startBed({ flags: ['--seed-caps', String(CAP)] });
}, 120_000);
afterAll(() => bed.stop(), 60_000);

const call = () => {
  const { httpUrl, apiKey } = bed.product().ready;
  return tryConnect(httpUrl, { apiKey });
};
const isClient = (outcome: Awaited<ReturnType<typeof call>>): outcome is VoiceClient => !('status' in outcome);

describe('a cap', () => {
  it('lets exactly as many in as it says when twice as many come at once, and names the limit to the others', async () => {
    const outcomes = await Promise.all(Array.from({ length: 2 * CAP }, call));
    const clients = outcomes.filter(isClient);
    expect(clients).toHaveLength(CAP);
    expect(openSessions(bed.simulator)).toHaveLength(CAP);
    for (const outcome of outcomes) {
      if (isClient(outcome)) continue;
      expect(outcome).toMatchObject({
        status: 429,
        error: { code: 'rate_limit_exceeded', type: 'requests', message: expect.stringContaining(`limit of ${CAP}`) },
      });
      expect(Number(outcome.headers['retry-after'])).toBeGreaterThan(0);
    }
    await Promise.all(clients.map((client) => client.close()));
    const again = await eventually('a line is free again', async () => {
      const outcome = await call();
      return isClient(outcome) ? outcome : null;
    });
    await again.close();
  }, 60_000);

  it('frees the lines of a gateway that was killed', async () => {
    const clients = (await Promise.all(Array.from({ length: CAP }, call))).filter(isClient);
    expect(clients).toHaveLength(CAP);
    await bed.product().kill();
    await Promise.all(clients.map((client) => client.closed));
    await bed.restart();
    const outcomes = await Promise.all(Array.from({ length: CAP }, call));
    expect(outcomes.filter(isClient)).toHaveLength(CAP);
    await Promise.all(outcomes.filter(isClient).map((client) => client.close()));
  }, 120_000);
});

describe('a live session', () => {
  const cli = async (...args: string[]): Promise<Record<string, string>[]> => {
    const { code, stdout, stderr } = await runProgram('cli', [...args, '--json', '--data-dir', bed.dataDir]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, string>[];
  };

  it('ends within two seconds of its key being revoked, and the app is told why', async () => {
    const [key] = await cli('key', 'create', '--tenant', 'default', '--name', 'to be revoked');
    const { httpUrl } = bed.product().ready;
    const apiKey = key?.['secret'] ?? '';
    const client = await eventually('the new key is known', async () => {
      const outcome = await tryConnect(httpUrl, { apiKey });
      return isClient(outcome) ? outcome : null;
    });
    await client.next('session.created');
    const revoking = cli('key', 'revoke', key?.['id'] ?? '', '--tenant', 'default').then(() => performance.now());
    const { code, reason } = await client.closed;
    expect(performance.now() - (await revoking)).toBeLessThan(2_000);
    expect(code).toBe(4500);
    expect(reason).toContain('key_revoked');
    expect(client.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'invalid_api_key' } });
    expect(await tryConnect(httpUrl, { apiKey })).toMatchObject({ status: 401 });
  }, 60_000);

  it('is drained on SIGTERM: its turn ends, it is told, the process exits cleanly', async () => {
    const { httpUrl, apiKey } = bed.product().ready;
    const client = await connect(httpUrl, { apiKey });
    await client.next('session.created');
    const turn = textTurn(client, 'Tell me a story.');
    await client.next('response.created');
    const exit = bed.product().stop();
    expect(await turn).toMatchObject({ response: { status: 'completed' } });
    expect(await client.closed).toMatchObject({ code: 4101 });
    expect(await exit).toMatchObject({ code: 0 });
    expect(openSessions(bed.simulator)).toEqual([]);
    await bed.restart();
  }, 120_000);
});
