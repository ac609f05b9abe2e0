// Calls that nobody made: a working week's, evenly of all tenants that could call. The same for the same seed and flags whenever
// they are asked for, so that answers of two days, or of two people, can be compared.
import { MADE_UP_FROM_MS, madeUpArrivals, type Traffic } from '@trunkline/admission';
import { notesOfIdleLines, routeUnder, type CallsToReplay } from '@trunkline/admission/adapters/policy';
import { modelFamily, realtimeModels } from '@trunkline/providers';
import { hasScope, mayUseModel, Principal, stillAllowed, type PolicySnapshot } from '@trunkline/tenancy';

/** What to make up. Durations in milliseconds. */
export interface MadeUpFlags {
  readonly days: number;
  readonly callsPerHour: number;
  readonly mean: number;
  readonly model: string;
  readonly seed: number;
}

/** Under which configurations they are replayed. */
export interface MadeUpFor {
  readonly present: PolicySnapshot;
  readonly changed: PolicySnapshot;
  /** Unix milliseconds: keys may have expired. */
  readonly nowMs: number;
}

/** The calls, and what is said above the answer. @throws Error that says what to do where nobody could make such calls. */
export function madeUpCalls(
  question: MadeUpFor,
  flags: MadeUpFlags,
): { readonly traffic: CallsToReplay; readonly notes: readonly string[] } {
  const { days, seed, model } = flags;
  checkModel(question, model);
  const tenants = tenantsOf(question, flags);
  const week = { seed, fromMs: MADE_UP_FROM_MS, days, traffic: tenants };
  const calls = [...madeUpArrivals(week)].map((call) => ({ ...call, model }));
  const from = new Date(MADE_UP_FROM_MS).toISOString().slice(0, 10);
  return {
    traffic: { calls },
    notes: [
      `${calls.length} made-up calls for ${model} of ${tenants.length} tenants in ${days} days (seed ${seed}).`,
      `The days are those from Monday ${from} (UTC) on, whenever this is asked: the same seed gives the same calls as long as the same tenants may call.`,
      ...notesOfIdleLines([question.present, question.changed]),
    ],
  };
}

// Nobody would have got a line on either side, and zeros beside zeros say nothing.
function checkModel({ present, changed }: MadeUpFor, model: string): void {
  const routes = [present, changed].map((policy) => routeUnder(policy, model));
  if (routes.some(({ ok }) => ok)) return;
  if (routes.some((found) => !found.ok && found.error.code === 'upstream_capacity'))
    throw new Error(`every pool that serves ${model} is drained: see \`pool list\`, or leave --drain out`);
  const served = new Set([...present.pools.values()].flatMap(({ models }) => models ?? realtimeModels()));
  throw new Error(
    `no pool serves ${model}: name another with --model (${[...served].sort().join(', ')}), or let a pool serve it with --models [pool=]${model}`,
  );
}

/** An even part for each tenant that could call, with the first key that may. @throws Error when there is none. */
function tenantsOf(
  { present, nowMs }: MadeUpFor,
  { model, callsPerHour, mean: meanMs }: MadeUpFlags,
): readonly Traffic[] {
  const callers = new Map<string, Pick<Traffic, 'tenantId' | 'keyId'>>();
  // In the order of ids, whatever order they were read in: the same draw must fall on the same tenant.
  const keys = [...present.keys.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const key of keys) {
    const tenant = present.tenants.get(key.tenantId);
    if (!tenant || key.status !== 'active' || tenant.status !== 'active' || callers.has(tenant.id)) continue;
    const principal = new Principal({ key, tenant });
    const mayCall = stillAllowed(principal, present, nowMs) === null && hasScope(principal, 'sessions');
    if (mayCall && mayUseModel(principal, model)) callers.set(tenant.id, { tenantId: tenant.id, keyId: key.id });
  }
  if (callers.size === 0)
    throw new Error(`no tenant has a key that may open sessions with ${model}: \`key create\` makes one`);
  // How long each would wait is for the configuration to say.
  const each = { family: modelFamily(model), callsPerHour: callsPerHour / callers.size, meanMs, waitMs: 0 };
  const inOrder = [...callers.values()].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  return inOrder.map((caller) => ({ ...caller, ...each }));
}
