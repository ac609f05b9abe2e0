// A process's budgets on an in-process store, and sessions of one tenant of which the test plays the upstream.
import { parseAmount, trustedId, ZERO, type AmountPico, type SessionId } from '@trunkline/kernel';
import {
  BudgetStoreUnavailable,
  type BudgetStore,
  type Periods,
  type RecordedSpend,
  type SpendRecords,
} from '@trunkline/admission';
import { MemoryBudgetStore } from '@trunkline/admission/adapters/memory';
import { usageEventId } from '@trunkline/metering';
import { DEFAULT_LIMITS, type TenantLimits } from '@trunkline/tenancy';
import { Budgets, type BudgetEvent } from './budgets.js';
import type { MeteredUse } from './turn-budget.js';

/** Whose budget it is. */
export const TENANT = trustedId('tnt', 'tnt_t');
const START_MS = Date.UTC(2026, 10, 22, 12);

/** US dollars. */
export const dollars = (text: string): AmountPico => parseAmount(text) ?? ZERO;
/** Lets everything that is ready to run do so, and what that deferred. */
export const settled = async () => {
  for (let i = 0; i < 2; i += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** An error event as a client reads it. */
interface Told {
  readonly code: string;
  readonly message: string;
  readonly event_id: string | null;
}

/** What a spec may say; the rest has defaults. */
export interface Rig {
  readonly limits?: Partial<TenantLimits>;
  readonly store?: BudgetStore;
  /** US dollars that the ledger has of this day and month. */
  readonly recorded?: string;
  readonly records?: SpendRecords;
  /** The wait for the ledger is over at once. */
  readonly impatient?: boolean;
}

function recordsOf(amount: string): SpendRecords {
  const of = (periods: Periods): RecordedSpend => ({
    ...periods,
    dayAmount: dollars(amount),
    monthAmount: dollars(amount),
  });
  return { spentBy: async (tenantIds, periods) => new Map(tenantIds.map((id) => [id, of(periods)])) };
}

/** Budgets of one tenant, on an in-process store. */
export function rig({
  limits = {},
  store: given,
  recorded = '0',
  records = recordsOf(recorded),
  impatient = false,
}: Rig = {}) {
  const events: BudgetEvent[] = [];
  const time = { nowMs: START_MS };
  const clock = { nowMs: () => time.nowMs };
  const store = given ?? new MemoryBudgetStore(clock);
  const state = { limits: { ...DEFAULT_LIMITS, ...limits } };
  const budgets = new Budgets({
    store,
    records,
    limitsOf: () => state.limits,
    clock,
    observe: (event) => events.push(event),
    defer: (work) => void setImmediate(work),
    wait: () => (impatient ? Promise.resolve() : new Promise(() => undefined)),
  });
  return { budgets, events, state, store, time, session: sessionOf(budgets) };
}

/** Opens sessions of which the test plays the upstream. */
function sessionOf(budgets: Budgets) {
  let opened = 0;
  return () => {
    opened += 1;
    const seen = {
      ended: false,
      cause: '',
      cancelled: [] as string[],
      told: [] as Told[],
      warned: [] as object[],
      owed: 0,
    };
    const sessionId = trustedId('ses', `ses_${opened}`);
    const budget = budgets.open({
      id: sessionId,
      tenantId: TENANT,
      reportsOwed: () => seen.owed,
      end: (cause) => Object.assign(seen, seen.ended ? {} : { ended: true, cause }),
      sendClient: (text) => {
        const event = JSON.parse(text) as { readonly error?: Told };
        if (event.error) seen.told.push(event.error);
        else seen.warned.push(event);
      },
      cancelTurn: (turnId) => seen.cancelled.push(turnId),
    });
    const ask = async (eventId: string | null = null) => {
      const answer = budget.asks(eventId);
      await settled();
      return answer;
    };
    const begin = async (turnId: string) => {
      seen.owed += 1;
      budget.began(turnId);
      await settled();
    };
    const report = async (turnId: string, cost: string | null, tokens = 0) => {
      seen.owed -= 1;
      budget.metered(
        useOf({ sessionId, name: turnId, kind: 'response', tokens }),
        cost === null ? null : dollars(cost),
      );
      await settled();
    };
    const transcribe = async (itemId: string, cost: string | null, tokens = 0) => {
      const use = useOf({ sessionId, name: itemId, kind: 'transcription', tokens });
      budget.metered(use, cost === null ? null : dollars(cost));
      await settled();
    };
    const turn = async (turnId: string, cost: string | null, tokens = 0) => {
      await begin(turnId);
      await report(turnId, cost, tokens);
    };
    const refused = (eventId: string | null, wasQuestion = true) => budget.refusedByVendor(eventId, wasQuestion);
    return { seen, ask, refused, begin, report, transcribe, turn, close: () => budgets.forget(TENANT, sessionId) };
  };
}

interface UseOver {
  readonly sessionId: SessionId;
  readonly name: string;
  readonly kind: MeteredUse['kind'];
  readonly tokens?: number;
}

function useOf({ sessionId, name, kind, tokens = 0 }: UseOver): MeteredUse {
  return {
    id: usageEventId({ sessionId, vendorObjectId: name, kind }),
    kind,
    vendorObjectId: name,
    quantities: [{ meter: 'output_audio', quantityMicro: BigInt(tokens) * 1_000_000n }],
  };
}

/** A store that is away. */
export function unreachable(): BudgetStore {
  const away = async () => {
    throw new BudgetStoreUnavailable('disconnected');
  };
  return { reserve: away, settle: away, release: away, look: away };
}
