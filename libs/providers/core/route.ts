// Which upstream pools may carry a session, and in which order they are tried. Pure: the model (or the transcription
// intent) and the pools of the policy snapshot give a list of candidates. Whether one of them has a line free is
// admission's question.
import { err, ok, type PoolId, type Refusal, type Result } from '@trunkline/kernel';

/** What routing needs to know of a pool. `models: null` offers everything the provider is known to serve. */
export interface RoutablePool {
  readonly id: PoolId;
  readonly models: readonly string[] | null;
  /** Share of new sessions among the pools that offer a model; 0: only when no other has a line. */
  readonly weight: number;
  /** Draining: no new sessions. */
  readonly status: 'active' | 'draining';
}

// A drain is an operator's work of minutes.
const DRAIN_RETRY_MS = 60_000;

/** What the app asked to talk to: a conversation model, or a transcription session (its model comes later, in-band). */
export type RouteRequest =
  { readonly kind: 'conversation'; readonly model: string | null } | { readonly kind: 'transcription' };

/**
 * Candidate pools.
 * @param isKnownModel says whether the provider is known to serve a model; used by pools without a list of their own.
 * @returns `missing_model` when a conversation names none, `model_not_found` when no pool offers it, `upstream_capacity`
 * when all that do are being drained.
 */
export function route<Pool extends RoutablePool>(
  request: RouteRequest,
  pools: readonly Pool[],
  isKnownModel: (model: string) => boolean,
): Result<readonly Pool[], Refusal> {
  if (request.kind === 'transcription') return found(pools, 'transcription sessions');
  const { model } = request;
  if (model === null || model === '') {
    return err({
      code: 'missing_model',
      message: 'You must provide a model parameter, for example /v1/realtime?model=gpt-realtime.',
      param: 'model',
    });
  }
  const offering = pools.filter((pool) => (pool.models ? pool.models.includes(model) : isKnownModel(model)));
  return found(offering, `the model \`${printable(model)}\``);
}

/**
 * The order in which candidates are tried: at random by weight, so that each pool sees its share of new sessions; pools of
 * weight 0 after those, and pools that failed lately last of all (they are tried, for one of them may have recovered).
 * @param random uniform in [0, 1).
 */
export function inTurn<Pool extends RoutablePool>(
  pools: readonly Pool[],
  isHealthy: (id: PoolId) => boolean,
  random: () => number,
): readonly Pool[] {
  // Efraimidis and Spirakis: sorting by random^(1/weight) draws without replacement in proportion to weight.
  const drawn = pools.map((pool) => ({
    pool,
    rank: (isHealthy(pool.id) ? 2 : 0) + (pool.weight > 0 ? 1 : 0),
    key: pool.weight > 0 ? random() ** (1 / pool.weight) : 0,
  }));
  return drawn.sort((a, b) => b.rank - a.rank || b.key - a.key).map(({ pool }) => pool);
}

function found<Pool extends RoutablePool>(pools: readonly Pool[], what: string): Result<readonly Pool[], Refusal> {
  const open = pools.filter((pool) => pool.status === 'active');
  if (open.length > 0) return ok(open);
  if (pools.length > 0) {
    const message = `New sessions with ${what} are not taken right now, because its upstream accounts are being drained. Try again later.`;
    return err({ code: 'upstream_capacity', message, retryAfterMs: DRAIN_RETRY_MS });
  }
  return err({
    code: 'model_not_found',
    message: `This gateway does not offer ${what}. List what it offers with GET /v1/models, or ask your administrator to add it to a pool.`,
    param: 'model',
  });
}

// The name came from a stranger's URL and goes into a JSON body and a log: no control characters, no essays.
function printable(model: string): string {
  return model.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
}
