import { ERRORS, retryAfterMs, retryAfterSeconds, toOpenAiError, type ErrorCode } from './index.js';

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('a refusal', () => {
  it.each(codes)('%s says after how many seconds to try again where that may help, and is silent where not', (code) => {
    const error = toOpenAiError({ code, message: 'no' });
    expect(error.retry_after ?? null).toBe(ERRORS[code].retryable ? 5 : null);
  });

  it('says what it knows itself, in whole seconds that are never too few', () => {
    const refusal = { code: 'concurrency_limit_exceeded', message: 'full', retryAfterMs: 1_200 } as const;
    expect([retryAfterMs(refusal), retryAfterSeconds(refusal)]).toEqual([1_200, 2]);
    expect(toOpenAiError(refusal)).toEqual({
      ...{ message: 'full', type: 'requests', code: 'rate_limit_exceeded', param: null, retry_after: 2 },
    });
    expect(retryAfterSeconds({ code: 'budget_exceeded', message: 'spent', retryAfterMs: 86_400_000 })).toBe(86_400);
  });
});
