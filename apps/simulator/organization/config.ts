// What can be set about the organization's answers, discrepancies included: each makes the books of "OpenAI" differ from
// what its sessions were told, in one way that a reconciliation must find.
import { z } from 'zod';
import { COUNTED } from './tally.js';

const count = z.number().min(0);
const usd = z.string().regex(/^\d{1,9}(\.\d{1,12})?$/, 'must be a decimal in quotes, such as "0.40"');
const seconds = z.int().min(0);

/** Use of the account that went through no session here. */
const foreignSchema = z.strictObject({
  /** Epoch seconds. */
  at: seconds,
  key: z.string().min(1),
  model: z.string().min(1),
  requests: z.int().min(1).default(1),
  counts: z.partialRecord(z.enum(COUNTED), count),
});

export const organizationSchema = z.strictObject({
  adminKeys: z.array(z.string().min(1)).default(['sk-admin-simulator']),
  projectId: z.string().min(1).default('proj_simulator'),
  /** By model, US dollars per million tokens (or characters) and per minute of `seconds`; wins over the list. */
  prices: z.record(z.string(), z.partialRecord(z.enum(COUNTED), usd)).default({}),
  /** `start` counts a response where it began: one that straddles midnight is then on another day than its report. */
  countedAt: z.enum(['end', 'start']).default('end'),
  foreign: z.array(foreignSchema).max(1000).default([]),
  /** Costs that no usage explains. */
  lineItems: z
    .array(z.strictObject({ at: seconds, name: z.string().min(1), usd }))
    .max(1000)
    .default([]),
  /** Entries that each level of the sums keeps (minutes, hours, days). */
  entriesMax: z.int().min(1).default(20_000),
});

export type OrganizationConfig = z.output<typeof organizationSchema>;
