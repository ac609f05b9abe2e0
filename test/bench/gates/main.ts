// What a moderation gate costs: the events of spoken turns go through a session's taps without any gate, as a session has
// them whose tenant has no policy, and with policies. In this process and without sockets, so that nothing else is in the
// figures. Prints a table. `npm run bench -- gates`
import { Command } from 'commander';
import { Histogram } from '../workload/histogram.js';
import { measureLongTexts } from './long-texts.js';
import { SUBJECTS, type Subject } from './subjects.js';
import { spokenTurn, type TurnMessage } from './turn.js';

const ROUNDS_MIN = 3;

/** Runs the benchmark; `args` as after `npm run bench -- gates`. */
export async function benchGates(args: readonly string[]): Promise<void> {
  const { rounds, turns } = new Command('gates')
    .description('Measures what a moderation gate adds to each event of a session.')
    .option('--rounds <n>', 'rounds to take medians over', '5')
    .option('--turns <n>', 'spoken turns a round', '500')
    .parse([...args], { from: 'user' })
    .opts<{ rounds: string; turns: string }>();
  const figures = measure(Math.max(ROUNDS_MIN, Number(rounds)), Number(turns));
  const before = median(figures.get('before')?.map(({ cpuUs }) => cpuUs) ?? []);
  const rows = SUBJECTS.map(({ name, title }) => {
    const all = figures.get(name) ?? [];
    const cpuUs = median(all.map((each) => each.cpuUs));
    const p99 = median(all.map((each) => each.gatedUsP99));
    const gated = p99 === 0 ? 'none' : p99.toFixed(1);
    return `| ${title} | ${cpuUs.toFixed(3)} | ${(cpuUs / before).toFixed(2)} | ${gated} |`;
  });
  process.stdout.write(
    [
      `| ${turns} spoken turns, ${spokenTurn(0).length} messages each | CPU us a message | ratio | gated events, p99 us |`,
      '| --- | --- | --- | --- |',
      ...rows,
      '',
      '| a text of a megabyte | ms | longest turn of the event loop, ms |',
      '| --- | --- | --- |',
      ...(await measureLongTexts(Math.max(ROUNDS_MIN, Number(rounds)))).map(
        ({ title, totalMs, longestTurnMs }) => `| ${title} | ${totalMs.toFixed(0)} | ${longestTurnMs.toFixed(1)} |`,
      ),
      '',
    ].join('\n'),
  );
}

interface Figures {
  /** Microseconds of CPU for each message of the turn, gated or not. */
  readonly cpuUs: number;
  /** Of the events that the gate judges, from the tap's question to its verdict. 0: none was. */
  readonly gatedUsP99: number;
}

/** All subjects in turn, round by round, each second round backwards: warmth and other programs fall on all of them alike. */
function measure(rounds: number, turns: number): Map<Subject['name'], Figures[]> {
  const figures = new Map<Subject['name'], Figures[]>(SUBJECTS.map(({ name }) => [name, []]));
  // The first round warms up.
  for (let round = 0; round <= rounds; round++)
    for (const subject of round % 2 === 0 ? SUBJECTS : SUBJECTS.toReversed()) {
      const found = run(subject, turns);
      if (round > 0) figures.get(subject.name)?.push(found);
    }
  return figures;
}

function run({ open, effort }: Subject, turns: number): Figures {
  const { fromUpstream, isGated } = open();
  const script = Array.from({ length: turns * effort }, (_, i) => spokenTurn(i));
  const beganUs = cpuTimeUs();
  for (const turn of script) for (const message of turn) pass(fromUpstream, message);
  const cpuUs = (cpuTimeUs() - beganUs) / (script.length * spokenTurn(0).length);
  // Timed apart: reading the clock costs as much as passing an audio delta.
  const gated = new Histogram();
  for (const turn of Array.from({ length: turns }, (_, i) => spokenTurn(script.length + i)))
    for (const message of turn) {
      const beforeUs = cpuTimeUs();
      pass(fromUpstream, message);
      if (isGated(message.type)) gated.record(cpuTimeUs() - beforeUs);
    }
  return { cpuUs, gatedUsP99: gated.quantile(0.99) ?? 0 };
}

/** Not the time of day: what other programs take of a core is not the gate's. Collecting garbage is. */
function cpuTimeUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** As the relay asks a tap. */
function pass(tap: ReturnType<Subject['open']>['fromUpstream'], { type, payload }: TurnMessage): void {
  switch (tap.interest(type, payload.length)) {
    case 'pass':
      return;
    case 'note':
      return tap.noted?.(type, payload.length);
    case 'hold':
      if (tap.message(type, payload) instanceof Promise) return;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
