// `moderation`: what tenants' sessions are judged by, and a bench on which a policy can be tried before it is in force.
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import {
  CONTENT_KINDS,
  isContentKind,
  parseModerationPolicy,
  type ContentKind,
  type HookSpec,
  type ModerationPolicy,
  type PartSpec,
} from '@trunkline/moderation';
import { moderationPoliciesOf, noticesStanding, setModerationPolicy } from '@trunkline/moderation/adapters/prisma';
import { checkPolicy } from '@trunkline/moderation/adapters/rules';
import { urlProblem } from '@trunkline/platform/outbound';
import { findTenant } from '@trunkline/tenancy/adapters/prisma';
import { withActor, type ActorFlag } from '../actor.js';
import type { Row } from '../output.js';
import { done, type Inquire, type RunCommand } from '../run-command.js';
import { trialParts, type HookServices } from './trial-parts.js';
import { tryPolicy } from './try-policy.js';

const GIVEN_UP_SHOWN_MAX = 100;
const EVERYTHING = JSON.stringify({ version: 1, hooks: [] });

/** What an installation lends to hooks that are tried or set. */
export type HookServicesOf = (command: Command) => HookServices;

/** What the commands are run with. */
export interface ModerationRun {
  readonly run: RunCommand;
  readonly inquire: Inquire;
  readonly servicesOf: HookServicesOf;
}

/** Adds the command and its parts. @returns it, for further parts. */
export function addModerationCommands(program: Command, { run, inquire, servicesOf }: ModerationRun): Command {
  const moderation = program.command('moderation').description('what is judged in live sessions, and by which rules');
  withActor(moderation.command('set <tenant>'))
    .description('put a policy in force; live sessions follow it within two seconds')
    .option('--file <policy.json>', 'the policy; docs/moderation.md says what may stand in it')
    .option('--none', 'judge nothing')
    .action((named: string, flags: SetFlags, command: Command) =>
      run(command, async (tenancy) => {
        const tenant = done(await findTenant(tenancy, named));
        const services = servicesOf(command);
        const { seal, open } = await services.seal();
        const policy = await readPolicy(flags, (sealed) => open(sealed, tenant.id));
        const version = await setModerationPolicy(tenancy.db, tenant.id, { policy, actor: flags.actor, seal });
        const hooks = policy.hooks.map(({ name }) => name).join(', ') || 'none';
        return [{ tenant: tenant.slug, version, hooks, besides: besidesOf(policy), note: noteOn(policy, services) }];
      }),
    );
  moderation
    .command('notices <tenant>')
    .description("what the tenant's own service is still to be told of findings, and what it never took")
    .action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => {
        const tenant = done(await findTenant(tenancy, named));
        const { waiting, oldest, givenUp } = await noticesStanding(tenancy.db, tenant.id, GIVEN_UP_SHOWN_MAX);
        return [
          { state: 'waiting', count: waiting, since: oldest?.toISOString() ?? null, finding: null, why: null },
          ...givenUp.map(({ findingId, outcome, at }) => ({
            state: 'given up',
            count: 1,
            since: at.toISOString(),
            finding: findingId,
            why: outcome,
          })),
        ];
      }),
    );
  moderation
    .command('show <tenant>')
    .description('the policies of a tenant, the one in force first')
    .action((named: string, _flags, command: Command) =>
      run(command, async (tenancy) => {
        const tenant = done(await findTenant(tenancy, named));
        const policies = await moderationPoliciesOf(tenancy.db, tenant.id);
        return policies.map(shownPolicy);
      }),
    );
  moderation
    .command('try')
    .description(
      'what a policy says of texts, without any session: each line of the text is a delta of one stream; services are asked',
    )
    .requiredOption('--file <policy.json>', 'the policy')
    .requiredOption('--text <text>', 'the text; \\n parts its deltas')
    .option('--kind <kind>', `what it is: ${Object.keys(CONTENT_KINDS).join(', ')}`, kindOf, 'output_text')
    .action((flags: TryFlags, command: Command) =>
      inquire(command, async () => {
        const parts = trialParts(servicesOf(command));
        try {
          const rows = await tryPolicy(await readPolicy(flags, parts.openSecret), parts, flags);
          return { json: rows, tables: [rows] };
        } finally {
          parts.close();
        }
      }),
    );
  return moderation;
}

type StoredPolicy = Awaited<ReturnType<typeof moderationPoliciesOf>>[number];

function shownPolicy({ version, policy, actor, createdAtMs }: StoredPolicy): Row {
  const read = parseModerationPolicy(policy);
  const note = read.ok ? heardInPart(read.value) : null;
  return { version, since: new Date(createdAtMs).toISOString(), actor, policy: JSON.stringify(policy), note };
}

/** What a policy does beside asking hooks. */
function besidesOf(policy: ModerationPolicy): string {
  const { output, input, disclosure, content, actions, strikes } = policy;
  const does = [
    heardInPart(policy),
    output.holdBackMs > 0 ? `output waits ${output.holdBackMs} ms` : null,
    input.holdAnswers ? `answers wait for verdicts (${input.onFailure} after ${input.deadlineMs} ms)` : null,
    disclosure.instruction === null ? null : 'discloses by an instruction',
    disclosure.spokenLine === null ? null : 'discloses by a spoken line',
    content === null ? null : `content is kept for ${content.keepDays} days`,
    actions.length === 0 ? null : `acts by itself (${[...new Set(actions.flatMap((each) => each.then))].join(', ')})`,
    strikes === null ? null : `${strikes.count} strikes refuse an end user`,
  ];
  return does.filter((each) => each !== null).join(', ') || 'nothing';
}

/** What "closed" does not mean for speech that is not held back; null where it is, or no such hook judges it. */
function heardInPart({ hooks, output }: ModerationPolicy): string | null {
  const isMeant = hooks.some(
    ({ onFailure, dryRun, kinds }) => onFailure === 'closed' && !dryRun && (kinds?.includes('output_text') ?? true),
  );
  if (!isMeant || output.holdBackMs > 0) return null;
  return 'blocked speech can be heard in part, also by hooks that fail closed (output.holdBackMs is 0)';
}

// Its gateways may have other settings than this shell: said, not refused.
function noteOn({ hooks }: ModerationPolicy, { webhookExceptions }: HookServices): string | null {
  const notes = hooks.flatMap((spec) =>
    (spec.type === 'composite' ? spec.hooks : [spec]).flatMap((each: HookSpec | PartSpec) => {
      const problem = each.type === 'webhook' ? urlProblem(new URL(each.url), webhookExceptions) : null;
      return problem === null ? [] : [`${spec.name}: ${problem} (TRUNKLINE_WEBHOOK_ALLOW)`];
    }),
  );
  return notes.length === 0 ? null : notes.join('; ');
}

interface PolicyFlags {
  readonly file?: string;
  readonly none?: true;
}

interface SetFlags extends PolicyFlags, ActorFlag {}

interface TryFlags extends PolicyFlags {
  readonly text: string;
  readonly kind: ContentKind;
}

/** @throws with every problem of the policy. @param open opens secrets that are sealed already. */
async function readPolicy({ file, none }: PolicyFlags, open: (sealed: string) => string | null) {
  if ((file === undefined) === (none === undefined)) throw new Error('name a policy: --file <policy.json>, or --none');
  const text = file === undefined ? EVERYTHING : await readFile(file, 'utf8');
  const checked = checkPolicy(jsonOf(text, file), open);
  if (checked.ok) return checked.value;
  throw new Error(`the policy is refused:\n${checked.error.map((each) => `  ${each}`).join('\n')}`);
}

function jsonOf(text: string, file: string | undefined): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Error(`${file ?? 'the policy'} is no JSON: ${error.message}`, { cause: error });
  }
}

function kindOf(text: string): ContentKind {
  if (isContentKind(text)) return text;
  throw new InvalidArgumentError(`Kinds are ${Object.keys(CONTENT_KINDS).join(', ')}.`);
}
