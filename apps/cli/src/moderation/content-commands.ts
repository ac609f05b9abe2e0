// `moderation content`: what policies keep of conversations. Reading it is recorded, taking it away is proved.
import { InvalidArgumentError, type Command } from 'commander';
import { parseId, type ReviewItemId, type SessionId } from '@trunkline/kernel';
import {
  eraseContent,
  exportEndUser,
  readContentOfItem,
  sweepContent,
  type Erasure,
  type ErasureSubject,
  type KeptContent,
} from '@trunkline/moderation/adapters/prisma';
import { findTenant } from '@trunkline/tenancy/adapters/prisma';
import { withActor, type ActorFlag } from '../actor.js';
import { timeOf } from '../flag-values.js';
import type { Answer, Row } from '../output.js';
import { done, type ReviewInstallation, type RunOnReviews } from '../run-command.js';

interface DeleteFlags extends ActorFlag {
  readonly session?: SessionId;
  readonly endUser?: string;
  readonly reason: string;
}
interface ExportFlags extends ActorFlag {
  readonly endUser: string;
  readonly reason: string;
}
interface SweepFlags extends ActorFlag {
  readonly asOf?: Date;
}

/** Adds the commands to `moderation`. */
export function addContentCommands(moderation: Command, run: RunOnReviews): void {
  const content = moderation.command('content').description('what policies keep of conversations');
  withActor(content.command('show <tenant> <item>'))
    .description('what was said around what was found; that it was read is recorded')
    .action((named: string, item: string, { actor }: ActorFlag, command: Command) =>
      run(command, (at) => show(at, { named, item, actor })),
    );
  withActor(content.command('delete <tenant>'))
    .description('of a session or an end user, for good; prints the proof')
    .option('--session <id>', 'of this session', sessionIdOf)
    .option('--end-user <name>', 'of all sessions of the end user that the app names so (OpenAI-Safety-Identifier)')
    .requiredOption('--reason <text>', 'why, for the record')
    .action((named: string, flags: DeleteFlags, command: Command) => run(command, (at) => erase(at, named, flags)));
  withActor(content.command('export <tenant>'))
    .description('all that is known of an end user, as JSON; that it was read is recorded')
    .requiredOption('--end-user <name>', 'as the app names them')
    .requiredOption('--reason <text>', 'why, for the record')
    .action((named: string, flags: ExportFlags, command: Command) => run(command, (at) => exported(at, named, flags)));
  withActor(content.command('sweep'))
    .description('erases what is kept longer than it may be; the worker does so every minute')
    .option('--as-of <time>', 'as if it were that time, 2026-12-31T00:00:00Z', timeOf)
    .action((flags: SweepFlags, command: Command) => run(command, (at) => sweep(at, flags)));
}

interface Showing {
  readonly named: string;
  readonly item: string;
  readonly actor: string;
}

async function show(at: ReviewInstallation, { named, item, actor }: Showing): Promise<Answer> {
  const { tenancy, contentSeal: wrap } = at;
  const { id: tenantId } = done(await findTenant(tenancy, named));
  const reading = { actor, atMs: tenancy.clock.nowMs(), wrap };
  const kept = await readContentOfItem(tenancy.db, tenantId, itemIdOf(item), reading);
  if (kept === null) throw new Error(`the tenant has no review item ${item}: see \`moderation review list\``);
  const rows = kept.map(contentRow);
  return { json: rows, tables: [rows] };
}

async function erase(at: ReviewInstallation, named: string, flags: DeleteFlags): Promise<Answer> {
  const { tenancy, hashEndUser } = at;
  const { session, endUser, actor, reason } = flags;
  if ((session === undefined) === (endUser === undefined))
    throw new Error('name one: --session <id> or --end-user <name>');
  const { id: tenantId } = done(await findTenant(tenancy, named));
  const subject: ErasureSubject =
    session === undefined
      ? { kind: 'end_user', endUser: hashEndUser(tenantId, endUser ?? '') }
      : { kind: 'session', sessionId: session };
  const rows = [
    erasureRow(done(await eraseContent(tenancy.db, tenantId, { subject, actor, reason, atMs: nowOf(at) }))),
  ];
  return { json: rows, tables: [rows] };
}

async function exported(at: ReviewInstallation, named: string, flags: ExportFlags): Promise<Answer> {
  const { tenancy, hashEndUser, contentSeal: wrap } = at;
  const { actor, reason } = flags;
  const { id: tenantId } = done(await findTenant(tenancy, named));
  const endUser = hashEndUser(tenantId, flags.endUser);
  const request = { endUser, wrap, actor, reason, atMs: nowOf(at) };
  const json = done(await exportEndUser(tenancy.db, tenantId, request));
  const counts = { end_user: json.endUser, findings: json.findings.length, reviews: json.reviews.length };
  return { json, tables: [[{ ...counts, content: json.content.length, note: 'add --json for all of it' }]] };
}

async function sweep(at: ReviewInstallation, { asOf, actor }: SweepFlags): Promise<Answer> {
  const asOfMs = asOf?.getTime() ?? nowOf(at);
  if (Number.isNaN(asOfMs)) throw new Error('--as-of must be a time such as 2026-12-31T00:00:00Z');
  const rows = (await sweepContent(at.tenancy.db, { asOfMs, atMs: nowOf(at), actor })).map(erasureRow);
  return { json: rows, tables: [rows] };
}

function nowOf({ tenancy }: ReviewInstallation): number {
  return tenancy.clock.nowMs();
}

function contentRow({ occurredAt, hook, state, text, region, keepUntil, findingId }: KeptContent): Row {
  const at = occurredAt?.toISOString() ?? null;
  return { at, hook, state, text, region, keep_until: keepUntil.toISOString(), finding: findingId };
}

function erasureRow({ tenantId, cause, subject, at, actor, reason, pieces, keys, sha256 }: Erasure): Row {
  return { tenant: tenantId, cause, subject, at: at.toISOString(), actor, reason, pieces, keys, sha256 };
}

function itemIdOf(text: string): ReviewItemId {
  const id = parseId('mri', text);
  if (id === null) throw new InvalidArgumentError(`${text} is no id of a review item: see \`moderation review list\`.`);
  return id;
}

function sessionIdOf(text: string): SessionId {
  const id = parseId('ses', text);
  if (id === null) throw new InvalidArgumentError(`${text} is no id of a session.`);
  return id;
}
