// How long a handshake may wait for a line: as long as its tenant's policy allows, or less where the app asks for less
// with `?wait_ms=`. What is more than allowed is cut to what is allowed, so that an app need not know the policy.
import { err, ok, type Refusal, type Result } from '@trunkline/kernel';
import type { Handshake } from '@trunkline/realtime';
import { LIMIT_BOUNDS, type Principal } from '@trunkline/tenancy';

const PARAMETER = 'wait_ms';
const WHOLE = /^\d{1,9}$/;

/** Milliseconds; 0: refused at once. */
export function waitOf({ query }: Handshake, { limits }: Principal): Result<number, Refusal> {
  const text = query.get(PARAMETER);
  if (text === undefined) return ok(limits.waitMsMax);
  if (WHOLE.test(text)) return ok(Math.min(Number(text), limits.waitMsMax));
  const message = 'wait_ms must be a whole number of milliseconds: how long to wait for a free line.';
  return err({ code: 'invalid_request', message, param: PARAMETER });
}

/** What the app asked for, for the record: no more than any tenant may wait; null: it did not say. */
export function waitAskedMs({ query }: Pick<Handshake, 'query'>): number | null {
  const text = query.get(PARAMETER);
  return text !== undefined && WHOLE.test(text) ? Math.min(Number(text), LIMIT_BOUNDS.waitMsMax.max) : null;
}

/** The refusal of a line; where the app asked to wait and its tenant's calls may not, it says so and who changes that. */
export function withWaitHint(refusal: Refusal, { query }: Handshake, { limits }: Principal): Refusal {
  const asked = Number(query.get(PARAMETER) ?? 0);
  if (asked === 0 || limits.waitMsMax > 0) return refusal;
  const hint =
    'wait_ms had no effect: waiting is not enabled for your tenant. Your administrator enables it with `tenant limits <tenant> --wait 10s`.';
  return { ...refusal, message: `${refusal.message} ${hint}` };
}
