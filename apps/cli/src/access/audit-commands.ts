// `audit`: the record of changes.
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { auditCsv, auditJson } from '@trunkline/tenancy';
import { listAudit, verifyAudit, wholeAudit, type RecordedEntry } from '@trunkline/tenancy/adapters/prisma';
import { wholeIn } from '../flag-values.js';
import type { Row } from '../output.js';
import type { RunCommand } from '../run-command.js';

interface ListFlags {
  readonly kind?: string;
  readonly object?: string;
  readonly limit: number;
}

interface ExportFlags {
  readonly as: string;
  readonly out: string;
}

/** Adds the commands to the program. */
export function addAuditCommands(program: Command, run: RunCommand): void {
  const audit = program.command('audit').description('the record of changes');
  audit
    .command('list')
    .description('the newest first')
    .option('--kind <kind>', 'of this kind of object, such as member or price_change')
    .option('--object <id>', 'of this object')
    .option('--by <actor>', 'by this member, token or name')
    .option('--limit <n>', 'how many, 1 to 1000', wholeIn({ min: 1, max: 1_000 }), 50)
    .action(({ kind, object, limit, ...flags }: ListFlags & { readonly by?: string }, command: Command) =>
      run(command, async ({ db }) => {
        const of = {
          ...(kind === undefined ? {} : { objectKind: kind }),
          ...(object === undefined ? {} : { objectId: object }),
          ...(flags.by === undefined ? {} : { actorId: flags.by }),
        };
        return (await listAudit(db, { ...of, limit })).map(entryRow);
      }),
    );
  audit
    .command('verify')
    .description(
      'whether each entry is as it was recorded; keep the hash elsewhere, to know that the end is still there',
    )
    .action((_flags, command: Command) =>
      run(command, async ({ db }) => {
        const outcome = await verifyAudit(db);
        if (outcome.ok) return [{ entries: outcome.value.sequence.toString(), whole: 'yes', hash: outcome.value.hash }];
        throw new Error(`the record is broken at entry ${outcome.error.sequence}: ${outcome.error.why}`);
      }),
    );
  audit
    .command('export')
    .description('writes all of it, oldest first, to a file that is not there yet')
    .requiredOption('--out <file>', 'where to')
    .option('--as <format>', 'jsonl or csv', 'jsonl')
    .action(({ as, out }: ExportFlags, command: Command) =>
      run(command, async ({ db }) => {
        if (as !== 'jsonl' && as !== 'csv') throw new Error('--as must be jsonl or csv');
        await pipeline(textOf(wholeAudit(db), as), createWriteStream(out, { flags: 'wx', mode: 0o600 }));
        return [{ file: out, format: as }];
      }),
    );
}

async function* textOf(pages: AsyncIterable<readonly RecordedEntry[]>, as: 'jsonl' | 'csv'): AsyncGenerator<string> {
  if (as === 'csv') yield auditCsv([], true);
  for await (const page of pages)
    yield as === 'csv' ? auditCsv(page, false) : page.map((each) => `${JSON.stringify(auditJson(each))}\n`).join('');
}

function entryRow({ sequence, atMs, actor, action, object, tenantId }: RecordedEntry): Row {
  const who = actor.name === actor.id ? actor.name : `${actor.name} (${actor.id})`;
  const at = new Date(atMs).toISOString();
  return { entry: sequence.toString(), at, who, action, object: `${object.kind} ${object.id}`, tenant: tenantId };
}
