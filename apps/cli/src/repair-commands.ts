// What an operator does about usage that a damaged journal file still holds: bring it back. May be repeated; nothing is
// counted twice.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { salvageSegment } from '@trunkline/metering/adapters/spool';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from './output.js';
import type { RunCommand } from './run-command.js';

const LOST = 'responses that were announced are estimated by the worker; `reconcile run` shows what is missing else';

/** Adds the commands to the program. */
export function addRepairCommands(program: Command, run: RunCommand): void {
  program
    .command('spool')
    .description('the journal on disk')
    .command('salvage <file>')
    .description('stores what a quarantined segment file still holds, and says what is lost')
    .action((file: string, _flags, command: Command) => run(command, ({ db }) => salvage(db, file)));
}

async function salvage(db: TenancyContext['db'], file: string): Promise<Row[]> {
  // An empty segment is one, too: that there is none has to be asked.
  if (!existsSync(file)) throw new Error(`there is no ${file}: give the path that the log names, in the spool folder`);
  const { batch, ranges } = await salvageSegment(file, `salvage ${basename(file)}`);
  if (batch !== null) await new PrismaJournalStore(db).commit(batch);
  const none = { numbers: null, from_byte: null, to_byte: null, what_now: null };
  const kept = { outcome: 'stored', records: batch?.records.length ?? 0, ...none };
  const lost = ranges.map(({ fromByte, toByte, fromSequence, toSequence }) => ({
    outcome: 'unreadable',
    records: fromSequence === null || toSequence === null ? null : toSequence - fromSequence + 1,
    numbers: `${fromSequence ?? '?'} to ${toSequence ?? 'the end'}`,
    from_byte: fromByte,
    to_byte: toByte,
    what_now: LOST,
  }));
  return [kept, ...lost];
}
