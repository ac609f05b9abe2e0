// Which upstream pools may carry a session. Pure: the model (or the transcription intent) and the pools of the policy
// snapshot give an ordered list of candidates. Whether one of them has a line free is admission's question.
import { err, ok, type PoolId, type Refusal, type Result } from '@trunkline/kernel';

/** What routing needs to know of a pool. `models: null` offers everything the provider is known to serve. */
export interface RoutablePool {
  readonly id: PoolId;
  readonly models: readonly string[] | null;
}

/** What the app asked to talk to: a conversation model, or a transcription session (its model comes later, in-band). */
export type RouteRequest =
  { readonly kind: 'conversation'; readonly model: string | null } | { readonly kind: 'transcription' };

/**
 * Candidate pools in the order they should be tried.
 * @param isKnownModel says whether the provider is known to serve a model; used by pools without a list of their own.
 * @returns `missing_model` when a conversation names none, `model_not_found` when no pool offers it.
 */
export function route(
  request: RouteRequest,
  pools: readonly RoutablePool[],
  isKnownModel: (model: string) => boolean,
): Result<readonly PoolId[], Refusal> {
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

function found(pools: readonly RoutablePool[], what: string): Result<readonly PoolId[], Refusal> {
  if (pools.length > 0) return ok(pools.map((pool) => pool.id));
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
