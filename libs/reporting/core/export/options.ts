// What can be chosen about an export. Kept with the run, so that it can be asked for again.
import { z } from 'zod';

/** Versions of FOCUS that are written; the older ones are projections of the newest. */
export const FOCUS_VERSIONS = ['1.4', '1.3', '1.2'] as const;
export type FocusVersion = (typeof FOCUS_VERSIONS)[number];

export const ExportOptions = z.strictObject({
  focusVersion: z.enum(FOCUS_VERSIONS, `focusVersion must be one of ${FOCUS_VERSIONS.join(', ')}`).default('1.4'),
  /** Of the Excel profile. */
  separator: z.enum([',', ';', '\t'], 'separator must be "," or ";" or a tab').default(','),
  decimalComma: z.boolean('decimalComma must be true or false').default(false),
});
export type ExportOptions = z.infer<typeof ExportOptions>;

/** Why these options do not go together; null when they do. */
export function optionsProblem({ separator, decimalComma }: ExportOptions): string | null {
  return decimalComma && separator === ',' ? 'a decimal comma needs another separator: choose ";"' : null;
}
