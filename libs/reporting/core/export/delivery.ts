// Where an export may be delivered: a folder of the machine that writes it, or a bucket that speaks S3. Access keys are not
// part of a target: the installation has them in its settings.
import { z } from 'zod';

const TARGET = 'a target is {"kind":"folder","path":"/..."} or {"kind":"s3","bucket":"...","prefix":"..."}';

/** A target. */
export const DeliveryTarget = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('folder'),
      path: z
        .string()
        .regex(/^\/[^\0]*$/, 'path must be absolute')
        .refine((path) => !path.split('/').includes('..'), 'path must not go up'),
    }),
    z.strictObject({
      kind: z.literal('s3'),
      bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'bucket must be a bucket name'),
      prefix: z
        .string()
        .regex(/^[A-Za-z0-9!_.*'()/-]*$/, 'prefix must be letters, digits and /')
        .default(''),
    }),
  ],
  TARGET,
);
export type DeliveryTarget = z.infer<typeof DeliveryTarget>;
