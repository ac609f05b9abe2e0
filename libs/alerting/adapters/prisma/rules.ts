// Services on rules. A rule belongs to the company or to one tenant; a tenant's own sees only that tenant and tells only its
// channels.
import { err, mintId, ok, type Result } from '@trunkline/kernel';
import { isUniqueViolation, type Database } from '@trunkline/platform/database';
import { checkInput, type Administered, type AdministrationRefusal } from '@trunkline/tenancy';
import {
  ALERT_KIND_NAMES,
  CreateRuleInput,
  isAlertKind,
  specOf,
  thresholdProblem,
  UpdateRuleInput,
  type AlertKind,
  type AlertOwner,
  type AlertRule,
  type CreateRuleRequest,
  type UpdateRuleRequest,
} from '../../index.js';
import { ruleOf } from './alert-rows.js';
import { changingOf, nameTaken, notThere, type AlertContext, type Tx } from './context.js';

const RULES_MAX = 100;

/** Makes a rule. */
export async function createRule(
  { db, clock, randomBytes }: AlertContext,
  owner: AlertOwner,
  request: CreateRuleRequest,
): Administered<AlertRule> {
  const input = checkInput(CreateRuleInput, request);
  if (!input.ok) return input;
  const { channels, name, kind, repeatMs, ...columns } = input.value;
  const foreign = ownerProblem(owner, kind);
  if (foreign !== null) return err({ code: 'invalid_input', message: foreign, fields: ['kind'] });
  try {
    return await changingOf(db, owner, async (tx) => {
      if ((await tx.alertRule.count({ where: { tenantId: owner } })) >= RULES_MAX) return err(TOO_MANY);
      const channelIds = await idsOf(tx, owner, channels);
      if (!channelIds.ok) return channelIds;
      const id = mintId('alr', clock.nowMs(), randomBytes);
      const data = { ...columns, id, tenantId: owner, name, kind, repeatMs, channelIds: [...channelIds.value] };
      return readBack(tx, owner, await tx.alertRule.create({ data }));
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return nameTaken('rule', name);
  }
}

/** Changes what is named. An alert that is open goes on by the new terms. */
export async function updateRule(
  db: Database,
  owner: AlertOwner,
  { named, request }: { readonly named: string; readonly request: UpdateRuleRequest },
): Administered<AlertRule> {
  const input = checkInput(UpdateRuleInput, request);
  if (!input.ok) return input;
  const { channels, threshold, forMs, severity, repeatMs, enabled } = input.value;
  return changingOf(db, owner, async (tx) => {
    const row = await rowOf(tx, owner, named);
    if (row === null) return notThere('rule', named);
    const problem = threshold !== undefined && isAlertKind(row.kind) ? thresholdProblem(row.kind, threshold) : null;
    if (problem !== null) return err({ code: 'invalid_input', message: problem, fields: ['threshold'] });
    const channelIds = channels === undefined ? ok(row.channelIds) : await idsOf(tx, owner, channels);
    if (!channelIds.ok) return channelIds;
    const data = {
      ...(threshold === undefined ? {} : { threshold }),
      ...(forMs === undefined ? {} : { forMs }),
      ...(severity === undefined ? {} : { severity }),
      ...(repeatMs === undefined ? {} : { repeatMs }),
      ...(enabled === undefined ? {} : { enabled }),
      channelIds: [...channelIds.value],
    };
    return readBack(tx, owner, await tx.alertRule.update({ where: { id: row.id }, data }));
  });
}

/** Removes a rule. What it had open is resolved by the next look; nobody is told. */
export async function removeRule(db: Database, owner: AlertOwner, named: string): Administered<AlertRule> {
  return changingOf(db, owner, async (tx) => {
    const row = await rowOf(tx, owner, named);
    if (row === null) return notThere('rule', named);
    return readBack(tx, owner, await tx.alertRule.delete({ where: { id: row.id } }));
  });
}

/** One rule, by name or id. */
export async function findRule(db: Reader, owner: AlertOwner, named: string): Administered<AlertRule> {
  const row = await rowOf(db, owner, named);
  return row === null ? notThere('rule', named) : readBack(db, owner, row);
}

/** All of one owner, by name. */
export async function listRules(db: Reader, owner: AlertOwner): Promise<readonly AlertRule[]> {
  const rows = await db.alertRule.findMany({ where: { tenantId: owner }, orderBy: { name: 'asc' } });
  const names = await namesOf(db, owner);
  return rows.flatMap((row) => ruleOf(row, names));
}

/** The kinds that some rule looks for: no other need be measured. */
export async function kindsWatched(db: Pick<Database, 'alertRule'>): Promise<ReadonlySet<AlertKind>> {
  const rows = await db.alertRule.findMany({ where: { enabled: true }, distinct: ['kind'], select: { kind: true } });
  return new Set(rows.map(({ kind }) => kind).filter(isAlertKind));
}

/** The version of a rule, locked until the end of the transaction; null: it is not there. */
export async function lockedRuleVersion(tx: Tx, id: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ version: bigint }[]>`SELECT version FROM alert_rule WHERE id = ${id} FOR UPDATE`;
  return rows[0]?.version.toString() ?? null;
}

type Reader = Pick<Database, 'alertRule' | 'alertChannel'>;
type RuleRow = Parameters<typeof ruleOf>[0];

function rowOf(db: Reader, tenantId: AlertOwner, named: string): Promise<RuleRow | null> {
  return db.alertRule.findFirst({ where: { tenantId, OR: [{ name: named }, { id: named }] } });
}

async function readBack(db: Reader, owner: AlertOwner, row: RuleRow): Administered<AlertRule> {
  const [rule] = ruleOf(row, await namesOf(db, owner));
  return rule === undefined ? notThere('rule', row.name) : ok(rule);
}

async function namesOf(db: Reader, tenantId: AlertOwner): Promise<ReadonlyMap<string, string>> {
  const rows = await db.alertChannel.findMany({ where: { tenantId }, select: { id: true, name: true } });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function idsOf(
  tx: Tx,
  tenantId: AlertOwner,
  names: readonly string[],
): Promise<Result<readonly string[], AdministrationRefusal>> {
  const rows = await tx.alertChannel.findMany({ where: { tenantId, name: { in: [...names] } } });
  const ids = new Map(rows.map(({ id, name }) => [name, id]));
  const missing = names.filter((name) => !ids.has(name));
  if (missing.length === 0) return ok(names.flatMap((name) => ids.get(name) ?? []));
  return err({
    code: 'does_not_hold',
    message: `There is no channel ${missing.join(', ')}: make it first.`,
    fields: ['channels'],
  });
}

function ownerProblem(owner: AlertOwner, kind: AlertKind): string | null {
  if (owner === null || specOf(kind).forTenants) return null;
  const own = ALERT_KIND_NAMES.filter((each) => specOf(each).forTenants);
  return `kind must be one of ${own.join(', ')}: ${kind} is about what all tenants share`;
}

const TOO_MANY: AdministrationRefusal = {
  code: 'does_not_hold',
  message: `There are ${RULES_MAX} rules already: remove one that is not needed.`,
};
