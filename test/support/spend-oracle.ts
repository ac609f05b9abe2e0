// What the upstream's own books say that sessions cost, at the list prices of gpt-realtime. Written apart from the
// product's rating, so that both can be compared.
import type { ResponseUsage } from '../../apps/simulator/tokens/usage.js';
import type { ResponseRecord, SessionRecord } from '../../apps/simulator/books-records.js';

// US dollars per million tokens, times ten: one of them has a decimal.
const TENTHS = { text: 40n, cached: 4n, audio: 320n, outputText: 160n, outputAudio: 640n };
// A tenth of a dollar per million tokens is 100,000 times 10^-12 dollars per token.
const PICO_PER_TENTH = 100_000n;
const PICO_PER_DOLLAR = 10n ** 12n;

/** Of one response, in 10^-12 dollars. */
export function costOfResponse({ usage }: Pick<ResponseRecord, 'usage'>): bigint {
  return usage === null ? 0n : tenthsOf(usage) * PICO_PER_TENTH;
}

/** Of all responses of these sessions. */
export function costOfSessions(sessions: readonly SessionRecord[]): bigint {
  return sessions.flatMap(({ responses }) => responses).reduce((sum, each) => sum + costOfResponse(each), 0n);
}

/** As dollars with twelve decimals, and back from any decimal text. */
export function dollarsOf(pico: bigint): string {
  return `${pico / PICO_PER_DOLLAR}.${(pico % PICO_PER_DOLLAR).toString().padStart(12, '0')}`;
}

export function picoOf(dollars: string): bigint {
  const [whole = '0', fraction = ''] = dollars.split('.');
  return BigInt(whole) * PICO_PER_DOLLAR + BigInt(fraction.padEnd(12, '0').slice(0, 12));
}

function tenthsOf({ input_token_details: input, output_token_details: output }: ResponseUsage): bigint {
  const cached = input.cached_tokens_details;
  return (
    BigInt(input.text_tokens - cached.text_tokens) * TENTHS.text +
    BigInt(input.audio_tokens - cached.audio_tokens) * TENTHS.audio +
    BigInt(cached.text_tokens + cached.audio_tokens) * TENTHS.cached +
    BigInt(output.text_tokens) * TENTHS.outputText +
    BigInt(output.audio_tokens) * TENTHS.outputAudio
  );
}
