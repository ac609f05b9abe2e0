import { createServer } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listen } from '@trunkline/platform/http';
import { startBed, type GatewayBed } from '../support/gateway-bed.js';
import { openSessions } from '../support/oracle.js';
import { eventually } from '../support/poll.js';
import { makeDataDir, removeDataDir, runProgram } from '../support/product.js';
import { connect, textTurn, tryConnect } from '../support/voice-client.js';

let bed: GatewayBed;
beforeAll(async () => {
  bed = await startBed({ flags: ['--message-bytes-max', '1MiB', '--fragments-max', '64'] });
}, 120_000);
afterAll(() => bed.stop(), 60_000);

const call = () => {
  const { httpUrl, apiKey } = bed.product().ready;
  return connect(httpUrl, { apiKey });
};

describe('a session that is fed nonsense', () => {
  it('gets OpenAI’s own error for invalid JSON and for binary frames, and goes on', async () => {
    const client = await call();
    await client.next('session.created');
    client.socket.send('{');
    expect(await client.next('error')).toMatchObject({ error: { type: 'invalid_request_error' } });
    const from = client.events.length;
    client.socket.send(Buffer.from([1, 2, 3]));
    expect(await client.next('error', from)).toMatchObject({ error: { code: 'invalid_event' } });
    expect(await textTurn(client, 'Still there?')).toMatchObject({ response: { status: 'completed' } });
    await client.close();
  });

  it('is closed with 1009 for a message that is too large, and with one cause', async () => {
    const client = await call();
    await client.next('session.created');
    client.socket.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: 'A'.repeat(1_100_000) }));
    expect(await client.closed).toMatchObject({ code: 1009 });
  });

  it('is closed for a message of too many fragments', async () => {
    const client = await call();
    await client.next('session.created');
    for (let i = 0; i < 200; i++) client.socket.send('x', { fin: false });
    expect([1002, 1009]).toContain((await client.closed).code);
  });

  it('leaves no session and no line behind', async () => {
    await eventually('all upstream sessions are closed', () =>
      openSessions(bed.simulator).length === 0 ? true : null,
    );
  });
});

describe('an upstream in trouble', () => {
  const fault = (faults: object[]) => bed.simulator.configure({ faults } as never);
  afterEach(() => fault([]));

  it('that refuses with 429 becomes 503 with a retry hint', async () => {
    fault([{ at: 'connect', action: 'http_429' }]);
    const { httpUrl, apiKey } = bed.product().ready;
    const refused = await tryConnect(httpUrl, { apiKey });
    expect(refused).toMatchObject({ status: 503, error: { code: 'upstream_capacity' } });
    fault([]);
    // Nobody is sent there until the pause that it asked for is over.
    const client = await eventually('the pause is over', async () => {
      const outcome = await tryConnect(httpUrl, { apiKey });
      return 'status' in outcome ? null : outcome;
    });
    await client.close();
  });

  it('that never answers becomes 504 within the deadline', async () => {
    fault([{ at: 'connect', action: 'never_answer' }]);
    const { httpUrl, apiKey } = bed.product().ready;
    expect(await tryConnect(httpUrl, { apiKey })).toMatchObject({ status: 504, error: { code: 'upstream_timeout' } });
  }, 30_000);

  it('that breaks in the middle of an answer ends the session with one cause that the app is told', async () => {
    fault([{ at: 'mid_response', action: 'reset' }]);
    const client = await call();
    client.send({ type: 'response.create' });
    expect(await client.closed).toMatchObject({ code: 4110, reason: expect.stringContaining('upstream_lost') });
    expect(client.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_lost' } });
  });

  it('that sends response.done twice is billed once; one without usage is parked, not zero', async () => {
    fault([{ at: 'before_response_done', action: 'duplicate_response_done' }]);
    const twice = await call();
    await textTurn(twice, 'Once.');
    await twice.close();
    fault([{ at: 'before_response_done', action: 'missing_usage' }]);
    const without = await call();
    await textTurn(without, 'Nothing to report.');
    await without.close();
    const cli = async (...args: string[]) => {
      const { stdout } = await runProgram('cli', [...args, '--json', '--data-dir', bed.dataDir]);
      return JSON.parse(stdout) as Record<string, unknown>[];
    };
    await eventually('the parked report is listed', async () =>
      (await cli('costs', '--unrated')).some((row) => row['session'] === without.sessionId && row['state'] === 'parked')
        ? true
        : null,
    );
    const rows = await cli('costs', '--session', twice.sessionId);
    const outputs = rows.filter((row) => row['meter'] === 'output_audio');
    const recorded = bed.simulator.books.list().flatMap((session) => session.responses);
    const spoken = recorded.at(-2)?.usage?.output_token_details.audio_tokens;
    expect(outputs).toMatchObject([{ quantity: String(spoken) }]);
  }, 60_000);
});

describe('a start that cannot work says what to do and exits with 1', () => {
  const quick = ['--http-port', '0', '--https-port', '0', '--admin-port', '0', '--metrics-port', '0'];
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await makeDataDir();
  });
  afterEach(() => removeDataDir(dataDir));
  const start = (...flags: string[]) => runProgram('standalone', ['--json', ...flags]);

  it('two instances on one data folder', async () => {
    const second = await start('--data-dir', bed.dataDir, ...quick);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('--data-dir') });
    expect(second.stderr).toContain(String(bed.product().pid));
  }, 60_000);

  it('a port that is taken', async () => {
    const taken = createServer();
    const port = await listen(taken, { host: '127.0.0.1', port: 0, flag: '' });
    const failed = await start('--data-dir', dataDir, ...quick.slice(2), '--http-port', String(port));
    taken.close();
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('--http-port') });
  }, 60_000);

  it('a PostgreSQL that cannot be reached', async () => {
    const url = 'postgresql://someone:hunter2@127.0.0.1:1/trunkline';
    const failed = await start('--data-dir', dataDir, ...quick, '--database-url', url);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('127.0.0.1:1') });
    expect(failed.stderr).not.toContain('hunter2');
  }, 60_000);

  it('a data folder that cannot be made', async () => {
    const file = join(dataDir, 'file');
    await writeFile(file, 'in the way');
    const failed = await start('--data-dir', join(file, 'data'), ...quick);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('--data-dir') });
  }, 60_000);

  it('settings that contradict each other, all of them at once', async () => {
    const failed = await start('--http-port', 'x', '--upstream-url', 'https://example.com/v1');
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toContain('--http-port');
  }, 60_000);
});
