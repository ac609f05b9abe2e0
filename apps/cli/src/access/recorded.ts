// The record of changes, from a terminal: commands that change something are given a database that records what they do to it, by
// the name that they give (`--actor`) or the operating system's.
import type { Command } from 'commander';
import { audited } from '@trunkline/tenancy/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import { systemUser } from '../actor.js';

// Of commands that name no actor, those that change something. What is not here and names none reads.
const CHANGES = new Set([
  ...['create', 'update', 'suspend', 'activate', 'resume', 'revoke', 'set', 'add', 'remove', 'stop', 'limits'],
  ...['drain', 'undrain', 'preset', 'set-cap', 'refuse', 'allow'],
]);

/** What a command works on; records its changes. */
export function recorded<T extends { readonly db: Database }>(tenancy: T, command: Command): T {
  const flags = command.opts<Readonly<Record<string, unknown>>>();
  const { actor } = flags;
  const names = typeof actor === 'string';
  // A try-out books nothing.
  if ((!names && !CHANGES.has(command.name())) || flags['dryRun'] === true) return tenancy;
  const who = names ? actor : systemUser();
  const path = pathOf(command);
  const db = audited(tenancy.db, {
    actor: { kind: 'terminal', id: who, name: who },
    origin: { ip: null, userAgent: null, requestId: null },
    action: path.join(' '),
    object: { kind: path[0] ?? command.name(), id: command.args.join(' ') || null },
    ...{ tenantId: null, asked: { arguments: command.args, flags }, withoutResult: true },
  });
  return { ...tenancy, db };
}

// Without the program's own name.
function pathOf(command: Command): readonly string[] {
  const names: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name());
  return names;
}
