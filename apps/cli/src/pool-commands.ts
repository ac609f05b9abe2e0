// `pool`: upstream accounts and their caps.
import type { Command } from 'commander';
import { isRealtimeModel, realtimeModels } from '@trunkline/providers/adapters/openai';
import { SESSIONS_BOUNDS, type PoolRecord, type Tier, type TierPreset } from '@trunkline/tenancy';
import {
  applyTierPreset,
  createPool,
  drainPool,
  findPool,
  listPools,
  setPoolCap,
  undrainPool,
  updatePool,
} from '@trunkline/tenancy/adapters/prisma';
import { orNull, rangeText, wholeInOrNone, type OrNone } from './flag-values.js';
import type { Row } from './output.js';
import { addPoolFlags, poolRequestOf, tierOf, type PoolFlags } from './pool-flags.js';
import { done, type RunCommand } from './run-command.js';

/** Adds the commands to the program. @param env where upstream keys are read from. @returns `pool`, for more commands. */
export function addPoolCommands(program: Command, run: RunCommand, env: NodeJS.ProcessEnv): Command {
  const pool = program.command('pool').description('upstream accounts');
  addFlagged(pool, run, env);
  addDrains(pool, run);
  addPreset(pool, run);
  pool
    .command('list')
    .action((_flags, command: Command) => run(command, async (tenancy) => (await listPools(tenancy)).map(poolRow)));
  pool
    .command('show <pool>')
    .description('one pool with its queue and its account')
    .action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => [poolDetails(done(await findPool(tenancy, named)))]),
    );
  pool
    .command('set-cap <pool>')
    .description('sessions open at once upstream; a cap below what is open ends nobody')
    .requiredOption('--sessions-max <n>', `${rangeText(SESSIONS_BOUNDS)}, or none`, wholeInOrNone(SESSIONS_BOUNDS))
    .action((named: string, flags: { sessionsMax: OrNone<number> }, command: Command) =>
      run(command, async (tenancy) => [poolRow(done(await setPoolCap(tenancy, named, orNull(flags.sessionsMax))))]),
    );
  return pool;
}

function addFlagged(pool: Command, run: RunCommand, env: NodeJS.ProcessEnv): void {
  addPoolFlags(pool.command('create').requiredOption('--slug <slug>', 'a name for machines')).action(
    ({ slug, ...flags }: PoolFlags & { slug: string }, command: Command) =>
      run(command, async (tenancy) => [
        poolDetails(done(await createPool(tenancy, { slug, ...poolRequestOf(flags, env) }))),
      ]),
  );
  addPoolFlags(pool.command('update <pool>').description('what is not named stays')).action(
    (named: string, flags: PoolFlags, command: Command) =>
      run(command, async (tenancy) => [poolDetails(done(await updatePool(tenancy, named, poolRequestOf(flags, env))))]),
  );
}

function addDrains(pool: Command, run: RunCommand): void {
  for (const [verb, act, what] of [
    ['drain', drainPool, 'no new sessions; live ones go on'],
    ['undrain', undrainPool, 'new sessions again'],
  ] as const) {
    pool
      .command(`${verb} <pool>`)
      .description(what)
      .action((named: string, _flags, command: Command) =>
        run(command, async (tenancy) => [poolRow(done(await act(tenancy, named)))]),
      );
  }
}

function addPreset(pool: Command, run: RunCommand): void {
  pool
    .command('preset <pool>')
    .description(
      'fills the caps that OpenAI documents for a usage tier: today those of gpt-live-1, which this gateway does not offer ' +
        'yet. Says what is not documented; --launch-caps for a cap in total',
    )
    .requiredOption('--tier <n>', '1 to 5', tierOf)
    .option('--launch-caps', 'only with tier 5: also the cap in total that was announced at launch, about 100 sessions')
    .action((named: string, flags: { tier: Tier; launchCaps?: true }, command: Command) =>
      run(command, async (tenancy) => {
        const caps = flags.launchCaps ? 'launch' : 'documented';
        const { preset } = done(await applyTierPreset(tenancy, named, { tier: flags.tier, caps }));
        return presetRows(preset);
      }),
    );
}

function poolRow({ id, slug, vendor, status, ...pool }: PoolRecord): Row {
  return {
    id,
    slug,
    vendor,
    status,
    sessions_max: pool.sessionsMax,
    family_caps: pairs(pool.familyCaps),
    tokens_per_minute_max: pool.tokensPerMinuteMax,
    tier: pool.tier,
    weight: pool.weight,
    models: pool.models,
  };
}

function poolDetails(pool: PoolRecord): Row {
  return {
    ...poolRow(pool),
    waiting_max: pool.waitingMax,
    waiting_per_tenant_max: pool.waitingPerTenantMax,
    upstream_url: pool.upstreamUrl ?? 'of the settings',
    upstream_key: pool.hasUpstreamKey ? 'its own' : 'of the settings',
    deployments: pairs(pool.deployments),
  };
}

function presetRows({ tier, familyCaps, sessionsMax, gaps }: TierPreset): Row[] {
  return [
    ...[...familyCaps].map(([cap, set_to]) => ({ cap, set_to, why: `documented for tier ${tier}; ${offered(cap)}` })),
    ...(sessionsMax === null
      ? []
      : [{ cap: 'sessions in total', set_to: sessionsMax, why: 'announced at launch for tier 5 (--launch-caps)' }]),
    { cap: 'the models offered now', set_to: null, why: OFFERED_WITHOUT_CAP },
    ...gaps.map(({ cap, why }) => ({ cap, set_to: null, why })),
  ];
}

const OFFERED_WITHOUT_CAP =
  'no cap of sessions is documented for them, so the preset limits none: set what your account has with pool set-cap or ' +
  `pool update --family-cap (${realtimeModels().join(', ')})`;

// A cap of what nobody can ask for yet does no harm, and would be forgotten later.
function offered(family: string): string {
  return isRealtimeModel(family)
    ? 'offered by this gateway'
    : 'not offered by this gateway yet, so it limits nothing today';
}

function pairs(map: ReadonlyMap<string, string | number>): readonly string[] | null {
  return map.size === 0 ? null : [...map].map(([name, value]) => `${name}=${value}`);
}
