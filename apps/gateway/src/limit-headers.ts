// What a tenant may read of limits in the answer to its handshake: its own, in the names that OpenAI uses for them. The
// upstream's headers are never passed on: they speak of an account that all tenants share.
import type { Principal } from '@trunkline/tenancy';

/** Headers for a 101; empty where the tenant has no such limit. */
export function limitHeaders({ limits, keySessionsMax, tenantSessionsMax }: Principal): Record<string, string> {
  const sessionsMax = [keySessionsMax, tenantSessionsMax].filter((max) => max !== null);
  return {
    ...header('x-ratelimit-limit-requests', limits.sessionsPerMinuteMax),
    ...header('x-ratelimit-limit-tokens', limits.tokensPerMinuteMax),
    ...header('x-trunkline-sessions-limit', sessionsMax.length > 0 ? Math.min(...sessionsMax) : null),
  };
}

function header(name: string, value: number | null): Record<string, string> {
  return value === null ? {} : { [name]: String(value) };
}
