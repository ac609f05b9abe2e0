import { OutboundRefused } from './guarded-poster.js';

/**
 * Why nothing could be sent, to be told to whoever chose the address. Of the network its code alone: a message may quote an
 * address that a name stands for. `RangeError`: the secret is none.
 */
export function unsentReason(error: unknown): string {
  if (error instanceof OutboundRefused || error instanceof RangeError) return error.message;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no answer';
}
