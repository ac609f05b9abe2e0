import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { exportJWK, generateKeyPair } from 'jose';
import { systemClock } from '@trunkline/kernel';
import { endUserHasher } from '@trunkline/moderation';
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
import { addAlertCommands } from '../alert/alert-commands.js';
import type { RunSealing } from '../alert/channel-commands.js';
import { addIssuerCommands } from '../issuer-commands.js';
import { addKeyCommands } from '../key-commands.js';
import { addContentCommands } from '../moderation/content-commands.js';
import { addUserCommands } from '../moderation/user-commands.js';
import type { Row } from '../output.js';
import { addPoolCommands } from '../pool-commands.js';
import { addPriceCommands } from '../price/price-commands.js';
import { addReconcileCommands } from '../reconcile/reconcile-commands.js';
import type { RunCommand, RunOnReviews } from '../run-command.js';
import { addSecretCommands } from '../secret-commands.js';
import { addShareCommands } from '../share-commands.js';
import { addTenantCommands } from '../tenant-commands.js';
import { addAuditCommands } from './audit-commands.js';
import { addMemberCommands } from './member-commands.js';
import { recorded } from './recorded.js';
import { addTokenCommands } from './token-commands.js';

const PEPPER = 'a pepper only for tests';

let postgres: TestPostgres;
let context: PoolContext;
let root = '';
beforeAll(async () => {
  postgres = await startTestPostgres();
  root = await mkdtemp(join(tmpdir(), 'trunkline-cli-access-'));
  const { seal: sealUpstreamKey } = secretSeal(PEPPER);
  context = { db: postgres.db, clock: systemClock, randomBytes, hashKey: keyHasher(PEPPER), sealUpstreamKey };
}, 60_000);
afterAll(async () => {
  await postgres.stop();
  await rm(root, { recursive: true, force: true });
});

const cli = async (line: string): Promise<readonly Row[]> => {
  let rows: readonly Row[] = [];
  const run: RunCommand = async (command, work) => void (rows = await work(recorded(context, command)));
  const program = new Command('trunkline').exitOverride();
  const tenancyCommands = [addTenantCommands, addKeyCommands, addIssuerCommands, addSecretCommands, addShareCommands];
  for (const add of [...tenancyCommands, addMemberCommands, addTokenCommands, addAuditCommands]) add(program, run);
  addPoolCommands(program, run, {});
  addReconcileCommands(program, run, () => Promise.reject(new Error('no vendor here')));
  addPriceCommands(program, run);
  const secrets = { hashEndUser: endUserHasher(PEPPER), contentSeal: secretSeal(PEPPER) };
  const onReviews: RunOnReviews = async (command, work) =>
    void (await work({ tenancy: recorded(context, command), ...secrets }));
  const runSealing: RunSealing = async (command, work) =>
    void (rows = await work(recorded(context, command), secretSeal(PEPPER)));
  addAlertCommands(program, { run, runSealing, env: { CHAT: 'https://hooks.example/services/canary' }, testMsMax: 0 });
  const moderation = program.command('moderation');
  addUserCommands(moderation, onReviews);
  addContentCommands(moderation, onReviews);
  await program.parseAsync(line.split(' '), { from: 'user' });
  return rows;
};
const exportedKey = async () => {
  const { publicKey } = await generateKeyPair('RS256');
  return { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
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

  it('write one entry each, with the tenant and what changed, however the service writes', async () => {
    const jwks = join(root, 'jwks.json');
    await writeFile(jwks, JSON.stringify({ keys: [await exportedKey()] }));
    const price = join(root, 'price.json');
    const version = { model: 'm', meter: 'input_text', unit: 'tokens', price: '4', source: 'spec' };
    await writeFile(price, JSON.stringify({ versions: [{ ...version, effectiveFrom: '2030-01-01' }] }));
    const ofTenant = [
      'key create --tenant acme --name app --jwt-issuer corp --jwt-subject app',
      'moderation users refuse acme --end-user jane.doe@example.com --days 2 --reason spam',
      'moderation users allow acme --end-user jane.doe@example.com',
      'moderation content delete acme --end-user jane.doe@example.com --reason asked',
    ];
    const ofCompany = [
      'pool create --slug first --vendor openai',
      `issuer create --name corp --issuer https://corp.example --audience trunkline --jwks-file ${jwks} --tenant-claim org`,
      'reconcile source set --pool first --project-ids p1',
      `price draft ${price} --reason list --actor ann`,
    ];
    const { id: tenantId } = await postgres.db.tenant.findFirstOrThrow();
    for (const line of [...ofCompany, ...ofTenant]) {
      const last = await postgres.db.auditEntry.count();
      await cli(line);
      const made = await postgres.db.auditEntry.findMany({ where: { sequence: { gt: last } } });
      const words = line.split(' --')[0] ?? '';
      expect({ line, actions: made.map(({ action }) => words.startsWith(action)) }).toEqual({ line, actions: [true] });
      expect({ line, tenantId: made[0]?.tenantId }).toEqual({
        line,
        tenantId: ofTenant.includes(line) ? tenantId : null,
      });
      expect(JSON.stringify([made[0]?.before, made[0]?.after, made[0]?.objectId])).not.toContain('jane');
    }
    const minted = { id: 'ecs_1', hmac: 'h', kind: 'realtime', session: {}, pinned: [], expiresAt: new Date(9e12) };
    const { id: keyId } = await postgres.db.apiKey.findFirstOrThrow();
    await postgres.db.clientSecret.create({ data: { ...minted, tenantId, keyId } });
    await cli('secret revoke ecs_1 --tenant acme');
    const [revoked] = await cli('audit list --limit 1');
    expect(revoked).toMatchObject({ action: 'secret revoke', tenant: tenantId });
  });

  it('that only read write none', async () => {
    const before = await postgres.db.auditEntry.count();
    for (const line of [
      'tenant list',
      'key list --tenant acme',
      'pool list',
      'issuer list',
      'price list',
      'audit verify',
    ])
      await cli(line);
    expect(await postgres.db.auditEntry.count()).toBe(before);
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

  it('shut a member out, their token with them, and let them in again', async () => {
    const [member] = await cli('member list');
    const id = text(member, 'id');
    const [out] = await cli(`member disable ${id} --actor ann`);
    expect(text(out, 'disabled')).toMatch(/^\d{4}-/);
    const secret = await signInByLink(context, { ip: null, userAgent: null });
    expect(await findAdminSession(context, [secret])).toBeNull();
    expect((await cli(`member enable ${id} --actor ann`))[0]).toMatchObject({ disabled: null, roles: ['owner'] });
    await expect(cli('member disable mbr_x')).rejects.toThrow('no member of this id');
  });
});

describe('commands about alerts', () => {
  it('make channels and rules, try them, and send a dead letter again, on the record without secrets', async () => {
    const [made] = await cli('alert channel create ops --kind webhook --url https://ops.example/hook?token=canary');
    expect(made).toMatchObject({ target: ['https://ops.example/hook'], enabled: 'yes' });
    const secret = text(made, 'secret');
    expect(secret).toMatch(/^whsec_/);
    await expect(cli('alert channel create chat --kind slack --url-env NONE')).rejects.toThrow('NONE is not set');
    expect(await cli('alert channel create chat --kind slack --url-env CHAT --off')).toMatchObject([
      { target: ['https://hooks.example'], secret: '-' },
    ]);
    const update = 'alert rule update ledger-lag --channels ops,chat --repeat 4h --severity info --threshold 90';
    expect(await cli(update)).toMatchObject([{ threshold: '90 seconds', channels: ['ops', 'chat'], repeat: '4h' }]);
    await expect(cli('alert channel remove ops')).rejects.toThrow('Rules tell it: ledger-lag');
    await expect(cli('alert rule create x --kind budget --threshold 70')).rejects.toThrow('50, 80, 100');
    const [tried] = await cli('alert test ops');
    expect(tried).toMatchObject({ state: 'waiting', event: 'test', about: 'channel ops' });
    await expect(cli('alert test chat')).rejects.toThrow('switched off');
    await postgres.db.alertDelivery.updateMany({
      data: { state: 'dead', doneAt: new Date(), problem: 'answered 500' },
    });
    expect(await cli('alert deliveries --state dead')).toMatchObject([{ channel: 'ops', problem: 'answered 500' }]);
    expect(await cli(`alert resend ${text(tried, 'id')}`)).toMatchObject([{ id: text(tried, 'id'), state: 'waiting' }]);
    await cli('alert rule remove ledger-lag');
    await cli('alert channel remove ops');
    expect((await cli('alert channel list')).map(({ name }) => name)).toEqual(['chat']);
    expect(await cli('alert list --all')).toEqual([]);
    const entries = await postgres.db.auditEntry.findMany({ where: { action: { startsWith: 'alert' } } });
    expect(entries.length).toBe(7);
    const record = JSON.stringify(entries.map(({ before, after }) => [before, after]));
    for (const hidden of ['services/canary', secret]) expect(record).not.toContain(hidden);
  });
});
