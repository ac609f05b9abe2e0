// What an operator does about usage that waits: import the price that is missing, bring back what a damaged journal file
// still holds. Both may be repeated; nothing is counted twice.
import { basename } from 'node:path';
import type { Command } from 'commander';
import { salvageSegment } from '@trunkline/metering/adapters/spool';
import { PrismaJournalStore } from '@trunkline/metering/adapters/prisma';
import { importPrices } from '@trunkline/rating/adapters/prisma';
import { readPriceSheets } from '@trunkline/rating/adapters/seed';
import type { TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import type { Row } from './output.js';
import type { RunCommand } from './run-command.js';

/** Adds the commands to the program. */
export function addRepairCommands(program: Command, run: RunCommand): void {
  program
    .command('price')
    .description('the price book')
    .command('import <folder>')
    .description('adds the price sheets (*.json) of a folder; usage that waited for them is rated by itself')
    .action((folder: string, _flags, command: Command) =>
      run(command, async ({ db }) => {
        const list = await readPriceSheets(folder);
        const imported = list.ok ? await importPrices(db, list.value) : list;
        if (!imported.ok) throw new Error(`nothing was imported:\n${imported.error.join('\n')}`);
        return [{ ...imported.value }];
      }),
    );
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
