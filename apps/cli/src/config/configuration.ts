// What may stand in trunkline.yaml. What is named is brought to what the file says; what is not named stays as it is.
import {
  CreateKeyInput,
  NameInput,
  SetShareInput,
  SlugInput,
  UpdatePoolInput,
  UpdateTenantInput,
} from '@trunkline/tenancy';
import { z } from 'zod';

const Key = CreateKeyInput.omit({ name: true, expiresAt: true }).partial();

const Tenant = UpdateTenantInput.extend({
  shares: z.record(SlugInput, SetShareInput).optional(),
  /** By name. */
  keys: z.record(NameInput, Key).optional(),
  /** As `moderation set` takes it; read by moderation itself. */
  moderation: z.unknown().optional(),
});

/** The file. */
export const Configuration = z.strictObject({
  version: z.literal(1, 'version must be 1'),
  pools: z.record(SlugInput, UpdatePoolInput).default({}),
  tenants: z.record(SlugInput, Tenant).default({}),
});

/** As it was read, and as the services take it. */
export type Configuration = z.output<typeof Configuration>;
export type ConfigurationRequest = z.input<typeof Configuration>;
