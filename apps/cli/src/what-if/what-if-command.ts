// `pool what-if`: the calls of the last days, or made-up ones, under another configuration beside the present one.
import { Option, type Command } from 'commander';
import type { PolicySnapshot } from '@trunkline/tenancy';
import { withInstallation } from '../context.js';
import { durationOf, numberOf, numberOrNone, orNull, type OrNone } from '../flag-values.js';
import type { Answer, Row } from '../output.js';
import type { Inquire } from '../run-command.js';
import { shareChangesOf } from './changed-plan.js';
import { readQuestion, type Question, type WhatIfFlags } from './question.js';
import type { Outcome, Replay, Setting, Tally } from './replay.js';

/** Adds the command to `pool`. */
export function addWhatIfCommand(pool: Command, inquire: Inquire, replay: Replay): void {
  pool
    .command('what-if')
    .description('replays the calls of the last days under another configuration; changes nothing')
    .requiredOption('--pool <pool>', 'slug or id')
    .option('--cap <n>', 'another cap; or none', numberOrNone)
    .option('--share <tenant=floor:ceiling:weight>', 'another share; may be repeated', shareChangesOf)
    .option('--wait <duration>', 'how long every tenant may wait for a line', durationOf)
    .option('--days <n>', 'how many days', numberOf, 7)
    .option('--generate', 'made-up calls of working weeks, evenly of all tenants that have a key')
    .option('--calls-per-hour <n>', 'of them, in the busiest hour of a working day', numberOf, 100)
    .addOption(
      new Option('--mean <duration>', 'how long they last on the average').argParser(durationOf).default(180_000, '3m'),
    )
    .option('--model <model>', 'which model they ask for', 'gpt-realtime')
    .option('--seed <n>', 'another seed makes up other calls', numberOf, 1)
    .action(({ cap, ...flags }: TypedFlags, command: Command) =>
      inquire(command, (installation) =>
        withInstallation(installation, async (context) => {
          const asked = cap === undefined ? flags : { ...flags, cap: orNull(cap) };
          return answerOf(await readQuestion(context, asked), flags.wait, replay);
        }),
      ),
    );
}

interface TypedFlags extends Omit<WhatIfFlags, 'cap'> {
  readonly cap?: OrNone<number>;
}

/** Both replays side by side. @param waitMs for every tenant, in the changed configuration. */
export function answerOf(question: Question, waitMs: number | undefined, replay: Replay): Answer {
  const { policy, calls, present, changed, note } = question;
  const now = replay(calls, settingOf(policy, present, undefined));
  const then = replay(calls, settingOf(policy, changed, waitMs));
  const tenants = [...now.tenants.keys()].map((id) => ({ id, name: slugOf(policy, id) }));
  tenants.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    json: { note, now: plain(now), then: plain(then) },
    tables: [[{ calls: note }], measures(now, then), tenants.map(({ id, name }) => tenantRow(name, now, then, id))],
  };
}

function settingOf({ tenants, keys }: PolicySnapshot, plan: Question['present'], waitMs: number | undefined): Setting {
  return {
    plan,
    waitMsOf: (tenantId) => waitMs ?? tenants.get(tenantId)?.limits.waitMsMax ?? 0,
    ownOf: ({ tenantId, keyId }) => ({
      keySessionsMax: keys.get(keyId)?.sessionsMax ?? null,
      tenantSessionsMax: tenants.get(tenantId)?.sessionsMax ?? null,
      sessionsPerMinuteMax: tenants.get(tenantId)?.limits.sessionsPerMinuteMax ?? null,
    }),
  };
}

function measures(now: Outcome, then: Outcome): readonly Row[] {
  const row = (measure: string, of: (outcome: Outcome) => string | number): Row => ({
    ...{ measure, now: of(now), then: of(then) },
  });
  return [
    row('let in at once', ({ all }) => all.calls - all.waited - all.refused),
    row('waited', ({ all }) => all.waited),
    row('mean wait', ({ all }) => seconds(all.waitMeanMs)),
    row('p95 wait, worst tenant', ({ all }) => seconds(all.waitP95Ms)),
    row('refused', ({ all }) => all.refused),
    row('floor violations', ({ all }) => all.floorViolations),
    row('fairness (Jain)', ({ fairness }) => fairness?.toFixed(3) ?? 'never two in line'),
  ];
}

function tenantRow(tenant: string, now: Outcome, then: Outcome, id: string): Row {
  const change = (of: (tally: Tally) => string | number): string => {
    const [a, b] = [now.tenants.get(id), then.tenants.get(id)].map((tally) => (tally ? String(of(tally)) : '-'));
    return a === b ? String(a) : `${a} -> ${b}`;
  };
  return {
    tenant,
    calls: now.tenants.get(id)?.calls ?? 0,
    waited: change((tally) => tally.waited),
    mean_wait: change((tally) => seconds(tally.waitMeanMs)),
    p95_wait: change((tally) => seconds(tally.waitP95Ms)),
    refused: change((tally) => tally.refused),
    floor_violations: change((tally) => tally.floorViolations),
  };
}

function plain({ all, tenants, fairness }: Outcome) {
  return { all, fairness, tenants: Object.fromEntries(tenants) };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)}s`;
}

function slugOf({ tenants }: PolicySnapshot, tenantId: string): string {
  return [...tenants.values()].find(({ id }) => id === tenantId)?.slug ?? tenantId;
}
