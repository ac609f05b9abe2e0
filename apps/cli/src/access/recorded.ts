// The record of changes, from a terminal: every command is given a database that records what it does to it, by the name that it
// gives (`--actor`) or the operating system's. What only reads leaves no entry: that is for PostgreSQL to say, not for a list.
import type { Command } from 'commander';
import { audited, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { systemUser } from '../actor.js';

// Sums that can be made again from the ledger: hundreds of transactions, and nothing that anybody decided.
const DERIVED = 'rollup rebuild';
// What we call an end user; an app's own name for a person is never kept.
const OUR_NAME = /^eu_[A-Za-z0-9_-]{43}$/;

/** What a command works on; records its changes. */
export function recorded<T extends Pick<TenancyContext, 'db' | 'hashKey'>>(tenancy: T, command: Command): T {
  const flags = command.opts<Readonly<Record<string, unknown>>>();
  const action = pathOf(command).join(' ');
  // A try-out books nothing.
  if (action === DERIVED || flags['dryRun'] === true) return tenancy;
  const { actor } = flags;
  const who = typeof actor === 'string' ? actor : systemUser();
  const asked = { arguments: command.args, flags: withoutNames(flags, tenancy.hashKey) };
  const db = audited(tenancy.db, {
    actor: { kind: 'terminal', id: who, name: who },
    origin: { ip: null, userAgent: null, requestId: null },
    action,
    object: { kind: action.split(' ')[0] ?? action, id: command.args.join(' ') || null },
    ...{ tenantId: null, asked, withoutResult: true },
  });
  return { ...tenancy, db };
}

function withoutNames(flags: Readonly<Record<string, unknown>>, hashKey: TenancyContext['hashKey']) {
  const { endUser } = flags;
  if (typeof endUser !== 'string' || OUR_NAME.test(endUser)) return flags;
  return { ...flags, endUser: `keyed hash ${hashKey(`end user\n${endUser}`)}` };
}

// Without the program's own name.
function pathOf(command: Command): readonly string[] {
  const names: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name());
  return names;
}
