// What an operator does about usage that a damaged journal file still holds: bring it back. May be repeated; nothing is
// counted twice.
import { basename } from 'node:path';
import type { Command } from 'commander';
import { salvageSegment } from '@trunkline/metering/adapters/spool';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import type { TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from './output.js';
import type { RunCommand } from './run-command.js';

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
  const { batch, ranges } = await salvageSegment(file, `salvage ${basename(file)}`);
  if (batch !== null) await new PrismaJournalStore(db).commit(batch);
  const kept = { outcome: 'stored', records: batch?.records.length ?? 0, from_byte: null, to_byte: null };
  const lost = ranges.map(({ fromByte, toByte, fromSequence, toSequence }) => ({
    outcome: 'unreadable',
    records: fromSequence === null || toSequence === null ? null : toSequence - fromSequence + 1,
    from_byte: fromByte,
    to_byte: toByte,
  }));
  return [kept, ...lost];
}
