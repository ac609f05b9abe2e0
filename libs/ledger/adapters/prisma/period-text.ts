// A month as the database has it.
import { parsePeriod, type Period } from '@trunkline/ledger';
import { z } from 'zod';

/** `2026-11`. */
export const periodText = z.string().transform((text, context): Period => {
  const period = parsePeriod(text);
  if (period !== null) return period;
  context.addIssue(`"${text}" is no period`);
  return z.NEVER;
});
