import { jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { outcomeOf } from './test/checkout.js';

jest.setTimeout(60_000);

const ANY_PORTS = ['--http-port', '0', '--https-port', '0', '--admin-port', '0', '--metrics-port', '0'];

describe('the doctor', () => {
  it('prints a fix for a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : 'none';
    const outcome = await doctor([...ANY_PORTS.slice(2), '--http-port', port]);
    server.close();
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toMatch(new RegExp(`PROBLEM http-port ${port} .*EADDRINUSE\\n +fix: .*--http-port 0`));
  });

  it('prints a fix for a data folder that cannot be made', async () => {
    const { code, stdout } = await doctor([...ANY_PORTS, '--data-dir', '/proc/trunkline']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/PROBLEM data folder \/proc\/trunkline cannot be written: \w+\n +fix: .*--data-dir/);
  });

  it('shows a database that is away without its password', async () => {
    const { code, stdout } = await doctor(ANY_PORTS, { DATABASE_URL: 'postgres://me:hidden@127.0.0.1:1/db' });
    expect(code).toBe(1);
    expect(stdout).toContain('DATABASE_URL 127.0.0.1:1 does not answer');
    expect(stdout).not.toContain('hidden');
  });

  it('asks every host of a set of Redis servers, and shows none of its passwords', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const some = { REDIS_URL: `redis+sentinel://:hidden@127.0.0.1:${port},127.0.0.1:1/lines` };
    const one = await doctor(ANY_PORTS, some);
    server.close();
    expect(one.stdout).toMatch(/advice +REDIS_URL 127\.0\.0\.1:1 does not answer: ECONNREFUSED\n +fix: .*1 of 2 do/);
    const none = await doctor(ANY_PORTS, { REDIS_URL: 'rediss+cluster://:hidden@127.0.0.1:1,127.0.0.1:2' });
    expect(none.stdout).toMatch(/PROBLEM REDIS_URL 127\.0\.0\.1:1 does not answer.*; REDIS_URL 127\.0\.0\.1:2/);
    expect(one.stdout + none.stdout).not.toContain('hidden');
  });

  it('names the flags it takes when given another', async () => {
    const { code, stderr } = await doctor(['--verbose']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/--verbose.*takes.*--data-dir/) });
  });
});

function doctor(args: readonly string[], env: Record<string, string> = {}): ReturnType<typeof outcomeOf> {
  return outcomeOf(spawn(process.execPath, ['scripts/doctor.mjs', ...args], { env: { ...process.env, ...env } }));
}
