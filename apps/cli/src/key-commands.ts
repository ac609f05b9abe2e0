// `key`: credentials of a tenant.
import type { Command } from 'commander';
import { formatAmount } from '@trunkline/kernel';
import { chargedInAll } from '@trunkline/ledger/adapters/prisma';
import {
  isKeyScope,
  KEY_SCOPES,
  OVERLAP_BOUNDS,
  SESSIONS_BOUNDS,
  type ApiKeyRecord,
  type KeyScope,
} from '@trunkline/tenancy';
import {
  archiveKey,
  createJwtKey,
  createKey,
  findTenant,
  listKeys,
  resumeKey,
  revokeKey,
  rotateKey,
  suspendKey,
  updateKey,
} from '@trunkline/tenancy/adapters/prisma';
import {
  durationIn,
  durationText,
  keyIdOf,
  listOf,
  orNull,
  rangeText,
  timeOf,
  wholeInOrNone,
  type OrNone,
} from './flag-values.js';
import type { Row } from './output.js';
import { done, type RunCommand } from './run-command.js';

const CAP = `${rangeText(SESSIONS_BOUNDS)}, or none`;
const capOf = wholeInOrNone(SESSIONS_BOUNDS);

/** Adds the commands to the program. */
export function addKeyCommands(program: Command, run: RunCommand): void {
  const key = program.command('key').description('credentials of a tenant');
  addCreateCommand(key, run);
  key
    .command('list')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, flags.tenant));
        return (await listKeys(tenancy, id)).map(keyRow);
      }),
    );
  key
    .command('update <key>')
    .description('what is not named stays')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .option('--name <name>')
    .option('--sessions-max <n>', `sessions open at once with this key: ${CAP}`, capOf)
    .action((named: string, flags: UpdateFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { tenant, sessionsMax, ...request } = flags;
        const { id } = done(await findTenant(tenancy, tenant));
        const changes = { ...request, sessionsMax: orNull(sessionsMax) };
        return [keyRow(done(await updateKey(tenancy, id, keyIdOf(named), changes)))];
      }),
    );
  key
    .command('revoke <key>')
    .description('for ever; its live sessions end within two seconds')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((named: string, flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id } = done(await findTenant(tenancy, flags.tenant));
        return [keyRow(done(await revokeKey(tenancy, id, keyIdOf(named))))];
      }),
    );
  addSuccession(key, run);
  for (const [verb, change, what] of [
    ['suspend', suspendKey, 'until it is resumed; its live sessions end within two seconds'],
    ['resume', resumeKey, 'makes a suspended key good again'],
  ] as const)
    key
      .command(`${verb} <key>`)
      .description(what)
      .requiredOption('--tenant <tenant>', 'slug or id')
      .action((named: string, flags: { tenant: string }, command: Command) =>
        run(command, async (tenancy) => {
          const { id } = done(await findTenant(tenancy, flags.tenant));
          return [keyRow(done(await change(tenancy, id, keyIdOf(named))))];
        }),
      );
}

function addSuccession(key: Command, run: RunCommand): void {
  key
    .command('rotate <key>')
    .description(
      'make a key in the place of another, with its limits and its share of lines; it is shown now and never again',
    )
    .requiredOption('--tenant <tenant>', 'slug or id')
    .option(
      '--overlap <time>',
      `how long the old one still works: ${rangeText(OVERLAP_BOUNDS, durationText)}`,
      durationIn(OVERLAP_BOUNDS),
      OVERLAP_MS,
    )
    .action((named: string, flags: { tenant: string; overlap: number }, command: Command) =>
      run(command, async (tenancy) => {
        const { id: tenantId } = done(await findTenant(tenancy, flags.tenant));
        const of = { tenantId, keyId: keyIdOf(named) };
        const made = done(await rotateKey(tenancy, of, { overlapMs: flags.overlap }));
        const old_ends_at = new Date(made.oldEndsAtMs).toISOString();
        return [{ ...keyRow(made.key), secret: made.secret, replaces: of.keyId, old_ends_at }];
      }),
    );
  key
    .command('archive <key>')
    .description('put a revoked key away, with what it was charged')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .action((named: string, flags: { tenant: string }, command: Command) =>
      run(command, async (tenancy) => {
        const { id: tenantId } = done(await findTenant(tenancy, flags.tenant));
        const of = { tenantId, keyId: keyIdOf(named) };
        const spend = await chargedInAll(tenancy.db, of);
        return [{ ...keyRow(done(await archiveKey(tenancy, of, spend))), charged: formatAmount(spend) }];
      }),
    );
}

// A day: enough for a deployment, and not so long that the old key is forgotten.
const OVERLAP_MS = 24 * 3_600_000;

function addCreateCommand(key: Command, run: RunCommand): void {
  key
    .command('create')
    .description('make a key; it is shown now and never again')
    .requiredOption('--tenant <tenant>', 'slug or id')
    .requiredOption('--name <name>')
    .option('--sessions-max <n>', `sessions open at once with this key: ${CAP}; default none`, capOf)
    .option('--models <models>', 'comma-separated; default: all that are offered', listOf)
    .option('--origins <origins>', 'comma-separated browser origins; default: any', listOf)
    .option('--scope <scopes>', 'comma-separated: sessions (default), usage:read', listOf)
    .option('--jwt-issuer <issuer>', 'name or id: a key without a text, for an app whose tokens this issuer signs')
    .option('--jwt-subject <app>', 'with --jwt-issuer: what its tokens call the app')
    .option('--expires-at <time>', 'when it ends, such as 2026-12-31T23:59:59Z; default: never', timeOf)
    .action((flags: KeyFlags, command: Command) =>
      run(command, async (tenancy) => {
        const { tenant, sessionsMax, scope, jwtIssuer, jwtSubject, ...named } = flags;
        const { id } = done(await findTenant(tenancy, tenant));
        const scopes = scope === undefined ? {} : { scopes: scope.map(scopeOf) };
        const request = { ...named, ...scopes, sessionsMax: orNull(sessionsMax) };
        if ((jwtIssuer === undefined) !== (jwtSubject === undefined))
          throw new Error('--jwt-issuer and --jwt-subject go together');
        if (jwtIssuer !== undefined && jwtSubject !== undefined)
          return [
            keyRow(done(await createJwtKey(tenancy, id, { ...request, issuer: jwtIssuer, subject: jwtSubject }))),
          ];
        const created = done(await createKey(tenancy, id, request));
        return [{ ...keyRow(created.key), secret: created.secret }];
      }),
    );
}

interface UpdateFlags {
  readonly tenant: string;
  readonly name?: string;
  readonly sessionsMax?: OrNone<number>;
}

interface KeyFlags {
  readonly tenant: string;
  readonly name: string;
  readonly sessionsMax?: OrNone<number>;
  readonly models?: string[];
  readonly origins?: string[];
  readonly scope?: string[];
  readonly jwtIssuer?: string;
  readonly jwtSubject?: string;
  readonly expiresAt?: Date;
}

function scopeOf(text: string): KeyScope {
  // `usage` is how one would say it.
  const scope = text === 'usage' ? 'usage:read' : text;
  if (isKeyScope(scope)) return scope;
  throw new Error(`--scope ${text}: choose from ${KEY_SCOPES.join(', ')}`);
}

function keyRow({ id, name, status, prefix, last4, sessionsMax, models, scopes, expiresAtMs }: ApiKeyRecord): Row {
  const expires_at = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  return { id, name, status, key: `${prefix}...${last4}`, sessions_max: sessionsMax, models, scopes, expires_at };
}
