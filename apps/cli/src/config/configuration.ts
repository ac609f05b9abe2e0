// What may stand in trunkline.yaml. What is named is brought to what the file says; what is not named stays as it is.
import { AlertName, ChannelFields, RuleFields } from '@trunkline/alerting';
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

/** Whom to tell and what to look for, by name. */
const Alerts = z.strictObject({
  channels: z.record(AlertName, ChannelFields).optional(),
  rules: z.record(AlertName, RuleFields).optional(),
});

const Tenant = UpdateTenantInput.extend({
  shares: z.record(SlugInput, SetShareInput).optional(),
  /** By name. */
  keys: z.record(NameInput, Key).optional(),
  /** As `moderation set` takes it; read by moderation itself. */
  moderation: z.unknown().optional(),
  alerts: Alerts.optional(),
});

/** The file. */
export const Configuration = z.strictObject({
  version: z.literal(1, 'version must be 1'),
  pools: z.record(SlugInput, UpdatePoolInput).default({}),
  /** The company's own. */
  alerts: Alerts.optional(),
  tenants: z.record(SlugInput, Tenant).default({}),
});

/** As it was read, and as the services take it. */
export type Configuration = z.output<typeof Configuration>;
export type ConfigurationRequest = z.input<typeof Configuration>;
export type AlertsRequest = z.input<typeof Alerts>;
