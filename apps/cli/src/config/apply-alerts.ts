// Channels and rules of alerts as a file says: the company's, or a tenant's own. Channels first, for rules name them. What a file says
// nothing of (no `channels`, no `rules`) stays with `--prune` too: an installation begins with rules that no file names.
import type { AlertChannel, AlertOwner, AlertRule } from '@trunkline/alerting';
import {
  createChannel,
  createRule,
  listChannels,
  listRules,
  openedChannel,
  removeChannel,
  removeRule,
  updateChannel,
  updateRule,
} from '@trunkline/alerting/adapters/prisma';
import { agreed, ConfigRefused, type ApplyRun } from './apply-run.js';
import type { AlertsRequest } from './configuration.js';
import { differencesOf, type Difference } from './differences.js';
import type { ConfigPath } from './yaml-file.js';

/** Whose section it is, and where it stands in the file. */
export interface AlertSection {
  readonly owner: AlertOwner;
  /** A slug, or `company`: for what is said and where new secrets are kept. */
  readonly whose: string;
  readonly path: ConfigPath;
  /** As the file has it. */
  readonly raw: AlertsRequest | undefined;
}

/** Makes and changes channels and rules; with `prune`, removes those that their list does not name. @throws ConfigRefused */
export async function applyAlerts(run: ApplyRun, section: AlertSection): Promise<void> {
  const { channels, rules } = section.raw ?? {};
  const { db } = run.context;
  const stored = await listChannels(db, section.owner);
  for (const name of Object.keys(channels ?? {})) await applyChannel(run, section, { name, stored });
  const known = await listRules(db, section.owner);
  for (const name of Object.keys(rules ?? {})) await applyRule(run, section, { name, stored: known });
  if (!run.request.prune) return;
  const removed = (what: string) => run.changes.push({ action: 'remove', what, differences: [] });
  // Rules first: a channel that one names stays.
  for (const { name } of rules === undefined ? [] : known.filter((rule) => !(rule.name in rules))) {
    agreed(await removeRule(db, section.owner, name), section.path);
    removed(`alert rule ${name} of ${section.whose}`);
  }
  for (const { name } of channels === undefined ? [] : stored.filter((channel) => !(channel.name in channels))) {
    agreed(await removeChannel(db, section.owner, name), section.path);
    removed(`alert channel ${name} of ${section.whose}`);
  }
}

interface Named<Stored> {
  readonly name: string;
  readonly stored: readonly Stored[];
}

async function applyChannel(
  { context, changes, secrets }: ApplyRun,
  { owner, whose, path: above, raw }: AlertSection,
  { name, stored }: Named<AlertChannel>,
): Promise<void> {
  const wanted = raw?.channels?.[name];
  if (wanted === undefined) return;
  const path = [...above, 'channels', name];
  const what = `alert channel ${name} of ${whose}`;
  const seal = { seal: context.sealUpstreamKey, open: context.openUpstreamKey };
  const found = stored.find((channel) => channel.name === name);
  const { kind, ...changeable } = wanted;
  if (found === undefined) {
    const { secret } = agreed(await createChannel({ ...context, seal }, owner, { ...wanted, name }), path);
    if (secret !== null) secrets.push({ tenant: whose, key: `alert channel ${name}`, secret });
    changes.push({ action: 'create', what, differences: differencesOf(shown(wanted), {}) });
    return;
  }
  if (found.kind !== kind) throw new ConfigRefused([...path, 'kind'], KIND_STAYS);
  const row = await context.db.alertChannel.findUniqueOrThrow({ where: { id: found.id } });
  const kept: Readonly<Record<string, unknown>> = { ...openedChannel(seal, row) };
  const sealed = Object.entries(changeable).filter(([field]) => SEALED.has(field));
  const differences: readonly Difference[] = [
    ...differencesOf(shown(changeable), { enabled: found.enabled, to: found.target }),
    ...sealed
      .filter(([field, value]) => kept[field] !== value)
      .map(([field]) => ({ field, before: '(another)', after: '(sealed)' })),
  ];
  if (differences.length === 0) return;
  agreed(await updateChannel({ ...context, seal }, owner, { named: name, request: changeable }), path);
  changes.push({ action: 'change', what, differences });
}

async function applyRule(
  { context, changes }: ApplyRun,
  { owner, whose, path: above, raw }: AlertSection,
  { name, stored }: Named<AlertRule>,
): Promise<void> {
  const wanted = raw?.rules?.[name];
  if (wanted === undefined) return;
  const path = [...above, 'rules', name];
  const what = `alert rule ${name} of ${whose}`;
  const found = stored.find((rule) => rule.name === name);
  if (found === undefined) {
    agreed(await createRule(context, owner, { ...wanted, name }), path);
    changes.push({ action: 'create', what, differences: differencesOf(wanted, {}) });
    return;
  }
  const { kind, ...changeable } = wanted;
  if (found.kind !== kind) throw new ConfigRefused([...path, 'kind'], KIND_STAYS);
  const differences = differencesOf(changeable, { ...found });
  if (differences.length === 0) return;
  agreed(await updateRule(context.db, owner, { named: name, request: changeable }), path);
  changes.push({ action: 'change', what, differences });
}

const KIND_STAYS = 'its kind does not change: choose another name';
const SEALED: ReadonlySet<string> = new Set(['url', 'secret']);

// An address may be a password itself: that it is set is said, not to what.
function shown(fields: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => !SEALED.has(field)));
}
