// What a tenant may read of limits in the answer to its handshake, be it a 101 or a refusal: its own, in the names that
// OpenAI uses for them. The upstream's headers are never passed on: they speak of an account that all tenants share.
import { SessionRate, type MinuteTokens, type OwnUse } from '@trunkline/admission';
import type { Principal } from '@trunkline/tenancy';

/** What became known of a call's own limits on its way in. */
export class LimitsSeen {
  private principal: Principal | null = null;
  private own: OwnUse | null = null;

  /** Who calls. */
  by(principal: Principal): void {
    this.principal = principal;
  }

  /** What admission says is in use. */
  readonly told = (own: OwnUse): void => void (this.own = own);

  /** The headers; empty before anybody is known, and where the tenant has no such limit. */
  headers(tokensOf: (tenantId: Principal['tenantId']) => MinuteTokens | null): Record<string, string> {
    const { principal, own } = this;
    if (principal === null) return {};
    return {
      ...requests(principal, own),
      ...tokens(principal, tokensOf(principal.tenantId)),
      ...sessions(principal, own),
    };
  }
}

function requests({ limits: { sessionsPerMinuteMax: max } }: Principal, own: OwnUse | null): Record<string, string> {
  if (max === null) return {};
  const left = own && {
    'x-ratelimit-remaining-requests': `${SessionRate.left(max, own.rateUsedMs)}`,
    'x-ratelimit-reset-requests': durationText(own.rateUsedMs),
  };
  return { 'x-ratelimit-limit-requests': `${max}`, ...left };
}

function tokens(
  { limits: { tokensPerMinuteMax: max } }: Principal,
  minute: MinuteTokens | null,
): Record<string, string> {
  if (max === null) return {};
  const left = minute && {
    'x-ratelimit-remaining-tokens': `${Math.max(0, max - minute.used)}`,
    'x-ratelimit-reset-tokens': durationText(minute.resetMs),
  };
  return { 'x-ratelimit-limit-tokens': `${max}`, ...left };
}

// Of the key and the tenant, the one with fewer left.
function sessions({ keySessionsMax, tenantSessionsMax }: Principal, own: OwnUse | null): Record<string, string> {
  const limits = [
    { max: keySessionsMax, used: own?.keySessions ?? 0 },
    { max: tenantSessionsMax, used: own?.tenantSessions ?? 0 },
  ].flatMap(({ max, used }) => (max === null ? [] : [{ max, left: Math.max(0, max - used) }]));
  const max = Math.min(...limits.map((limit) => limit.max));
  if (limits.length === 0) return {};
  const left = own && { 'x-trunkline-sessions-remaining': `${Math.min(...limits.map((limit) => limit.left))}` };
  return { 'x-trunkline-sessions-limit': `${max}`, ...left };
}

/** As OpenAI writes it: `0s`, `20ms`, `7.853s`, `6m0s`. */
export function durationText(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole === 0) return '0s';
  if (whole < 1_000) return `${whole}ms`;
  const seconds = Math.round(whole % 60_000) / 1_000;
  return whole < 60_000 ? `${seconds}s` : `${Math.floor(whole / 60_000)}m${seconds}s`;
}
