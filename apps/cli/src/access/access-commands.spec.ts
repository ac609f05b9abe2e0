import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '@trunkline/kernel';
import { secretSeal } from '@trunkline/platform/secrets';
import { keyHasher } from '@trunkline/tenancy';
import {
  createToken,
  findAdminSession,
  findByToken,
  revokeRole,
  signInByLink,
  type PoolContext,
} from '@trunkline/tenancy/adapters/prisma';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { addKeyCommands } from '../key-commands.js';
import type { Row } from '../output.js';
import type { RunCommand } from '../run-command.js';
import { addTenantCommands } from '../tenant-commands.js';
import { addAuditCommands } from './audit-commands.js';
import { addMemberCommands } from './member-commands.js';
import { recorded } from './recorded.js';
import { addTokenCommands } from './token-commands.js';

let postgres: TestPostgres;
let context: PoolContext;
let root = '';
beforeAll(async () => {
  postgres = await startTestPostgres();
  root = await mkdtemp(join(tmpdir(), 'trunkline-cli-access-'));
  const pepper = 'a pepper only for tests';
  const { seal: sealUpstreamKey } = secretSeal(pepper);
  context = { db: postgres.db, clock: systemClock, randomBytes, hashKey: keyHasher(pepper), sealUpstreamKey };
}, 60_000);
afterAll(async () => {
  await postgres.stop();
  await rm(root, { recursive: true, force: true });
});

const cli = async (line: string): Promise<readonly Row[]> => {
  let rows: readonly Row[] = [];
  const run: RunCommand = async (command, work) => void (rows = await work(recorded(context, command)));
  const program = new Command('trunkline').exitOverride();
  for (const add of [addTenantCommands, addKeyCommands, addMemberCommands, addTokenCommands, addAuditCommands])
    add(program, run);
  await program.parseAsync(line.split(' '), { from: 'user' });
  return rows;
};
const text = (row: Row | undefined, column: string) => String(row?.[column]);

describe('commands about access', () => {
  it('give a member a role in a tenant and take it away', async () => {
    await cli('tenant create --name Acme');
    await signInByLink(context, { ip: null, userAgent: null });
    const [member] = await cli('member list');
    const id = text(member, 'id');
    const [granted] = await cli(`member grant ${id} tenant_admin --tenant acme --actor ann`);
    expect(text(granted, 'roles')).toMatch(/tenant_admin@tnt_/);
    const [revoked] = await cli(`member revoke ${id} tenant_admin --tenant acme --actor ann`);
    expect(revoked?.['roles']).toEqual(['owner']);
    await expect(cli(`member grant ${id} king`)).rejects.toThrow('choose from owner');
    await expect(cli(`member grant ${id} tenant_admin`)).rejects.toThrow('name it');
  });

  it('make a token that works until it is revoked', async () => {
    const [made] = await cli('token create --name ci --role viewer --days 7 --actor ann');
    expect(await findByToken(context, text(made, 'secret'))).toMatchObject({ kind: 'token', name: 'ci' });
    await cli(`token revoke ${text(made, 'id')} --actor ann`);
    expect(await findByToken(context, text(made, 'secret'))).toBeNull();
    expect((await cli('token list'))[0]).not.toHaveProperty('secret');
    await expect(cli('token create --name ci --role viewer --days 400')).rejects.toThrow('1 to 366');
  });

  it('record who changed what, in one chain, without secrets', async () => {
    const [key] = await cli('key create --tenant acme --name first');
    const entries = await cli('audit list');
    expect(entries.map((entry) => text(entry, 'action'))).toEqual([
      ...['key create', 'token revoke', 'token create', 'member revoke', 'member grant', 'sign-in', 'tenant create'],
    ]);
    expect(entries[1]).toMatchObject({ who: 'ann' });
    expect(await cli('audit verify')).toMatchObject([{ entries: '7', whole: 'yes' }]);
    const out = join(root, 'audit.jsonl');
    await cli(`audit export --out ${out}`);
    const written = await readFile(out, 'utf8');
    expect(written.trim().split('\n')).toHaveLength(7);
    expect(written).not.toContain(text(key, 'secret'));
    await expect(cli(`audit export --out ${out}`)).rejects.toThrow('EEXIST');
  });

  it('leave a token no more than its maker still has', async () => {
    const secret = await signInByLink(context, { ip: null, userAgent: null });
    const principal = await findAdminSession(context, [secret]);
    if (principal === null || principal.memberId === null) throw new Error('nobody is signed in');
    const grants = [{ role: 'finance', tenantId: null }] as const;
    const made = await createToken(context, { principal, name: principal.name }, { name: 'books', days: 1, grants });
    if (!made.ok) throw new Error(made.error.message);
    expect((await findByToken(context, made.value.secret))?.grants).toHaveLength(1);
    const owner = { memberId: principal.memberId, grant: { role: 'owner', tenantId: null } } as const;
    await revokeRole(context, { principal: null, name: 'ann' }, owner);
    expect((await findByToken(context, made.value.secret))?.grants).toEqual([]);
  });
});
