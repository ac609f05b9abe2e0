// A company of 40 tenants as a file: applied, found to be so, drifted from by single commands, brought back; all of it or nothing,
// and every problem with the line it is in.
import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '@trunkline/kernel';
import { secretSeal } from '@trunkline/platform/secrets';
import { keyHasher } from '@trunkline/tenancy';
import {
  createKey,
  createTenant,
  findTenant,
  setShare,
  updatePool,
  updateTenant,
} from '@trunkline/tenancy/adapters/prisma';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { recorded } from '../access/recorded.js';
import { done } from '../run-command.js';
import { addConfigCommands } from './config-commands.js';

const PEPPER = 'a pepper for the spec of files';
const COMPANY = join(import.meta.dirname, '../../../../docs/examples/trunkline.yaml');
const ENV = { TRUNKLINE_FALLBACK_KEY: 'sk-key-of-the-fallback-account' };

jest.setTimeout(60_000);

let postgres: TestPostgres;
let folder = '';
beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), 'trunkline-config-'));
}, 60_000);
afterAll(async () => {
  await rm(folder, { recursive: true });
  await postgres.stop();
});

const seal = secretSeal(PEPPER);
const context = () => ({
  ...{ db: postgres.db, clock: systemClock, randomBytes, hashKey: keyHasher(PEPPER) },
  sealUpstreamKey: seal.seal,
});

/** What a command prints, and whether it found a drift. @throws what it refuses with */
async function run(...args: readonly string[]): Promise<{ readonly text: string; readonly drifts: boolean }> {
  const program = new Command('trunkline').exitOverride().configureOutput({ writeErr: () => undefined });
  let [text, drifts] = ['', false];
  addConfigCommands(program, {
    run: async (command, work) => void (text = await work(recorded(context(), command), seal)),
    env: { ...ENV, HOOK_URL: 'https://ops.example/hook?token=canary', HOOK_SECRET: `whsec_${'A'.repeat(44)}` },
    onDrift: () => (drifts = true),
  });
  await program.parseAsync(args, { from: 'user' });
  return { text, drifts };
}
const file = async (text: string) => {
  const path = join(folder, `${randomBytes(4).toString('hex')}.yaml`);
  await writeFile(path, text);
  return path;
};
const refused = async (text: string, ...args: readonly string[]) => {
  const path = await file(text);
  const message = await run('apply', '-f', path, ...args).then(
    () => 'applied',
    (error: unknown) => String(error),
  );
  return message.replaceAll(path, 'f.yaml');
};

describe('a company of 40 tenants', () => {
  it('is tried without a trace, applied in one step, and found to be as the file says', async () => {
    const tried = await run('apply', '-f', COMPANY, '--dry-run');
    expect(tried.text).toContain('+ create tenant claims\n    name: "Claims"');
    expect(await postgres.db.tenant.count()).toBe(0);
    const secrets = join(folder, 'secrets.txt');
    const applied = await run('apply', '-f', COMPANY, '--secrets-out', secrets);
    expect(applied.text).toBe(tried.text);
    expect(await postgres.db.tenant.count()).toBe(40);
    const lines = (await readFile(secrets, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(await postgres.db.apiKey.count());
    expect(lines.every((line) => /^[a-z-]+\/(prod|staging): tl_\w+$/.test(line))).toBe(true);
    expect((await stat(secrets)).mode & 0o777).toBe(0o600);
    expect(await run('apply', '-f', COMPANY)).toEqual({ text: 'nothing to change\n', drifts: false });
    expect(await run('diff', '-f', COMPANY, '--prune')).toEqual({ text: 'nothing to change\n', drifts: false });
  });

  it('shows no secret, in what is printed or recorded', async () => {
    const record = await postgres.db.auditEntry.findMany({ select: { after: true, before: true } });
    expect(record).toHaveLength(1);
    const { text } = await run('diff', '-f', COMPANY);
    for (const told of [JSON.stringify(record), text]) expect(told).not.toMatch(/sk-key|tl_\w{8}/);
  });

  it('drifts by single commands, says where, and is brought back', async () => {
    const { id } = done(await findTenant(context(), 'claims'));
    done(await updateTenant(context(), id, { name: 'Claims!', limits: { spendDayMax: '999' } }));
    done(await setShare(context(), { tenantId: id, pool: 'main' }, { floor: 1 }));
    done(await updatePool(context(), 'fallback', { upstreamKey: 'sk-somebody-elses-key' }));
    done(await createTenant(context(), { slug: 'rogue', name: 'Rogue' }));
    done(await createKey(context(), id, { name: 'side-door' }));

    const drift = await run('diff', '-f', COMPANY);
    expect(drift).toEqual({
      text: `~ change pool fallback
    upstreamKey: "(another)" -> "(sealed)"
~ change tenant claims
    name: "Claims!" -> "Claims"
    limits.spendDayMax: "999" -> "400"
~ change share of claims in main
    floor: 1 -> 10
`,
      drifts: true,
    });
    const pruned = await run('apply', '-f', COMPANY, '--prune');
    expect(pruned.text).toContain('- archive tenant rogue\n');
    expect(pruned.text).toMatch(/- revoke key side-door of claims \(key_\w+\)\n/);
    expect((await run('diff', '-f', COMPANY, '--prune')).text).toBe('nothing to change\n');
    expect(done(await findTenant(context(), 'rogue'))).toMatchObject({ status: 'suspended', archivedSpend: 0n });
  });
});

describe('a file that cannot be applied', () => {
  const HEAD = 'version: 1\ntenants:\n  first: { name: First }\n';

  it.each([
    [
      'a field that nobody knows',
      `${HEAD}  second:\n    nmae: Second\n`,
      /f\.yaml:5:11: tenants\.second\.nmae is not known/,
    ],
    ['a value that is not allowed', `${HEAD}  second:\n    sessionsMax: 0\n`, /f\.yaml:5:18: .*at least 1/],
    [
      'an amount that is a float',
      `${HEAD}  second:\n    limits: { spendDayMax: 0.1 }\n`,
      /f\.yaml:5:28: .*as a decimal/,
    ],
    [
      'a pool that is not there',
      'version: 1\ntenants:\n  first:\n    shares: { nowhere: { floor: 1 } }\n',
      /f\.yaml:4:24: There is no pool "nowhere"/,
    ],
    ['the same name twice', `${HEAD}  first: {}\n`, /f\.yaml:4:3: Map keys must be unique/],
    ['an environment variable that is not set', 'version: 1\npools: { p: { upstreamKey: !env NOT_SET } }\n', /NOT_SET/],
    [
      'floors above the cap',
      `version: 1\npools: { small: { sessionsMax: 5 } }\ntenants:\n  first:\n    shares: { small: { floor: 9 } }\n`,
      /f\.yaml:5:22: /,
    ],
    ['no version', 'tenants: {}\n', /version must be 1/],
  ])('by %s says where, and changes nothing', async (_what, text, message) => {
    expect(await refused(text)).toMatch(message);
    expect(await postgres.db.tenant.count({ where: { slug: 'first' } })).toBe(0);
    expect(await postgres.db.pool.count({ where: { slug: 'small' } })).toBe(0);
  });

  it('makes no key whose text cannot be kept, and overwrites no file', async () => {
    const there = await file('mine');
    expect(await refused(`${HEAD}  keyed: { keys: { prod: {} } }\n`, '--secrets-out', there)).toContain('EEXIST');
    expect(await readFile(there, 'utf8')).toBe('mine');
    expect(await postgres.db.tenant.count({ where: { slug: 'keyed' } })).toBe(0);
  });
});

describe('alerts in a file', () => {
  const company = (rules: string, more = '') => `
version: 1
tenants:
  spender:
    name: Spender
    alerts:
      channels: { owners: { kind: email, to: [a@b.example] } }
      rules: { spent: { kind: budget, threshold: 80, channels: [owners] } }
alerts:
  channels:
    ops: { kind: webhook, url: !env HOOK_URL${more} }
  rules: { ${rules} }
`;
  const LAG = 'ledger-lag: { kind: ledger_lag, threshold: 30, channels: [ops], repeatMs: 3600000 }';

  it('are made, found to be so, drift, and are brought back; with --prune, what a list does not name is removed', async () => {
    const path = await file(company(LAG));
    const tried = await run('apply', '-f', path, '--dry-run');
    const made = await run('apply', '-f', path);
    expect(made.text.startsWith(tried.text)).toBe(true);
    expect(made.text).toContain('+ create alert channel ops of company\n    kind: "webhook"\n');
    expect(made.text).toMatch(/company\/alert channel ops: whsec_\S+\n/);
    expect(made.text).toContain('~ change alert rule ledger-lag of company\n    threshold: 60 -> 30\n');
    expect(made.text).not.toContain('canary');
    expect((await run('diff', '-f', path)).drifts).toBe(false);
    await postgres.db.alertRule.updateMany({ where: { name: 'spent' }, data: { threshold: 100 } });
    expect((await run('diff', '-f', path)).text).toBe(
      '~ change alert rule spent of spender\n    threshold: 100 -> 80\n',
    );
    const secret = await file(company(LAG, ', secret: !env HOOK_SECRET'));
    expect((await run('diff', '-f', secret)).text).toContain('    secret: "(another)" -> "(sealed)"\n');
    await run('apply', '-f', secret);
    expect((await run('diff', '-f', secret)).text).toBe('nothing to change\n');
    const pruned = await run('apply', '-f', secret, '--prune');
    expect(pruned.text).toContain('- remove alert rule budget-80 of company\n');
    expect((await postgres.db.alertRule.findMany({ where: { tenantId: null } })).map(({ name }) => name)).toEqual([
      'ledger-lag',
    ]);
  });

  it('are refused where they make no sense, with the line', async () => {
    const wrong = (rule: string) => refused(company(rule));
    expect(await wrong('x: { kind: budget, threshold: 70 }')).toContain('f.yaml:12:42: alerts.rules.x.threshold');
    expect(await wrong('x: { kind: budget, threshold: 80, channels: [nobody] }')).toContain(
      'There is no channel nobody',
    );
    expect(await wrong('ledger-lag: { kind: moderation, threshold: 80 }')).toContain('its kind does not change');
  });
});
