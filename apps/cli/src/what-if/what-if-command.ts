// `pool what-if`: the calls of the last days, or made-up ones, under another configuration beside the present one.
import { Option, type Command } from 'commander';
import { comparison, replayUnder, type RefusedTaken } from '@trunkline/admission/adapters/policy';
import { toEnd } from '@trunkline/admission';
import { withInstallation } from '../context.js';
import { durationOf, numberOf } from '../flag-values.js';
import type { Answer } from '../output.js';
import type { Inquire } from '../run-command.js';
import { inPools, ofNamed, ofPools, texts } from './flags.js';
import { readQuestion, type Question, type WhatIfFlags } from './question.js';
import { tablesOf } from './tables.js';

const EXAMPLES = `
Examples:
  pool what-if --cap 50                                      the only pool with 50 lines
  pool what-if --cap azure=80 --weight azure=2               of several pools, azure with 80 lines and twice the calls
  pool what-if --share support-bots=10:30:2 --wait 20s       another floor, ceiling and weight; everybody may wait 20 s
  pool what-if --new-pool spare --cap spare=40 --drain old   another account in place of one
  pool what-if --family-cap default:gpt-realtime=20 --rate sales=30 --queue default=100:10
  pool what-if --changes plan.json --refused 30s --json      a file; who is refused and tries again within 30 s is one call

The file has the words of the settings; what is not named stays, null takes a limit away:
  { "pools": { "default": { "sessionsMax": 50, "familyCaps": { "gpt-realtime": 20 }, "waitingMax": 100,
                            "shares": { "support-bots": { "floor": 10, "ceiling": 30, "weight": 2,
                                                          "keys": { "key_01...": { "floor": 2 } } } } },
               "spare": { "isNew": true, "sessionsMax": 40, "models": ["gpt-realtime"] } },
    "tenants": { "*": { "waitMsMax": 20000 }, "sales": { "sessionsMax": 20, "sessionsPerMinuteMax": 30 } },
    "keys": { "key_01...": { "sessionsMax": 5 } } }

How to read the answer: "a -> b" is now and then, one number where they agree. Waits are of calls that waited and then had a
session. refused_before: calls that were refused when they were recorded; let_in: of these, with a session here. used: lines held
on the average, of the cap. contended: part of the time in which somebody stood in line. fairness: Jain's index of lines above
floors by weight, among tenants that wanted more at the same time; 1 is even, - where there were never two.
`;

/** Adds the command to `pool`. */
export function addWhatIfCommand(pool: Command, inquire: Inquire): void {
  const command = pool
    .command('what-if')
    .description('replays the calls of the last days under another configuration; changes nothing')
    .option('--pool <pool>', 'slug or id of the pool that is meant where a flag names none')
    .option('--cap <[pool=]n>', 'another cap; or none; may be repeated, as all of these', ofPools('50 or azure=50'))
    .option('--family-cap <[pool:]family=n>', 'a cap of a model family; or none', inPools('azure:gpt-realtime=20'))
    .option('--share <[pool:]tenant=floor:ceiling:weight>', 'another share', inPools('support-bots=10:30:2'))
    .option('--key-share <[pool:]key=floor:ceiling>', "another share of a tenant's key", inPools('key_01...=2:10'))
    .option('--weight <[pool=]n>', 'share of new sessions among pools', ofPools('azure=2'))
    .option(
      '--models <[pool=]models>',
      'comma-separated; or none: all that the vendor serves',
      ofPools('azure=gpt-realtime'),
    )
    .option('--queue <[pool=]all:tenant>', 'calls that may wait, in all and of one tenant', ofPools('azure=100:10'))
    .option('--drain <pool>', 'takes no new sessions', texts)
    .option('--new-pool <pool>', 'a pool that there is not yet', texts)
    .option('--wait <[tenant=]duration>', 'how long a tenant, or every one, may wait', ofNamed('20s or sales=20s'))
    .option('--rate <[tenant=]n>', 'new sessions per minute; or none', ofNamed('sales=30'))
    .option(
      '--sessions-max <[tenant=]n>',
      'sessions at once of a tenant or, by its id, of a key; or none',
      ofNamed('sales=20'),
    )
    .option('--changes <file>', 'JSON with changes; flags win over it')
    .option('--days <n>', 'how many days', numberOf, 7);
  addCallFlags(command)
    .addHelpText('after', EXAMPLES)
    .action((flags: WhatIfFlags, self: Command) =>
      inquire(self, (installation) =>
        withInstallation(installation, async (context) => answerOf(await readQuestion(context, flags))),
      ),
    );
}

function addCallFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--refused <how>', 'refused calls: each one, none, or one of a key and model in so much time')
        .argParser(refusedOf)
        .default('each'),
    )
    .option('--generate', 'made-up calls of working weeks, evenly of all tenants that have a key')
    .option('--calls-per-hour <n>', 'of them, in the busiest hour of a working day', numberOf, 100)
    .addOption(
      new Option('--mean <duration>', 'how long they last on the average').argParser(durationOf).default(180_000, '3m'),
    )
    .option('--model <model>', 'which model they ask for', 'gpt-realtime')
    .option('--seed <n>', 'another seed makes up other calls, and draws other pools', numberOf, 1);
}

/** Both replays side by side. */
export function answerOf({ present, changed, traffic, notes, seed }: Question): Answer {
  const now = toEnd(replayUnder(present, traffic, seed));
  const then = toEnd(replayUnder(changed, traffic, seed));
  const compared = comparison({ policy: present, report: now }, { policy: changed, report: then });
  return { json: { notes, ...compared }, tables: [notes.map((note) => ({ note })), ...tablesOf(compared)] };
}

function refusedOf(text: string): RefusedTaken {
  return text === 'each' || text === 'none' ? text : { oneInMs: durationOf(text) };
}
