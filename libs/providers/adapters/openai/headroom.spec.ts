import { pauseOfFailedResponse, pauseOfRateLimits } from './headroom.js';

const limits = (...rate_limits: unknown[]) => pauseOfRateLimits({ type: 'rate_limits.updated', rate_limits });
const failed = (message: string, code = 'rate_limit_exceeded') =>
  pauseOfFailedResponse({ status: 'failed', status_details: { type: 'failed', error: { code, message } } });

describe('the headroom that OpenAI reports', () => {
  it('asks for no pause while a tenth is free', () => {
    expect(limits({ name: 'tokens', limit: 40_000, remaining: 38_490, reset_seconds: 2.265 })).toBe(0);
    expect(limits({ name: 'tokens', limit: 40_000, remaining: 4_000, reset_seconds: 54 })).toBe(0);
    expect(limits()).toBe(0);
  });

  it('asks for a pause until a tenth is free again, by the limit that needs longest', () => {
    expect(limits({ name: 'tokens', limit: 40_000, remaining: 0, reset_seconds: 60 })).toBe(6_000);
    expect(limits({ name: 'tokens', limit: 40_000, remaining: 2_000, reset_seconds: 57 })).toBe(3_000);
    expect(
      limits(
        { name: 'tokens', limit: 40_000, remaining: 39_000, reset_seconds: 1 },
        { name: 'requests', limit: 1_000, remaining: 0, reset_seconds: 86_400 },
      ),
    ).toBe(60_000);
  });

  it('asks for a pause as long as a failed response says', () => {
    const text = 'Rate limit reached for gpt-realtime in organization org-x on tokens per min (TPM): Limit 40000.';
    expect(failed(`${text} Please try again in 7.853s. Visit https://platform.openai.com`)).toBe(7_853);
    expect(failed(`${text} Please try again in 20ms.`)).toBe(20);
    expect(failed(`${text} Please try again in 6m0s.`)).toBe(60_000);
    expect(failed(text)).toBe(5_000);
    expect(failed(`${text} Please try again in 7s.`, 'server_error')).toBe(0);
  });

  it('is not misled by shapes it does not know', () => {
    expect(pauseOfRateLimits({})).toBe(0);
    expect(limits(null, 7, { name: 'tokens', limit: 0, remaining: 0, reset_seconds: 9 }, { limit: 'x' })).toBe(0);
    expect(pauseOfFailedResponse({})).toBe(0);
  });
});
