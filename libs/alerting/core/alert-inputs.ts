// What administrators may type about alerts: one place for the command line, the HTTP API and trunkline.yaml. Whether a channel
// that a rule names is there, and whose it is, the services say.
import { z } from 'zod';
import { ALERT_KIND_NAMES, thresholdProblem } from './alert-kind.js';

/** How bad it is. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Ways to tell. */
export const CHANNEL_KINDS = ['webhook', 'email', 'slack'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

const HOUR_MS = 3_600_000;
const FOR_MS_MAX = 24 * HOUR_MS;
// Once a minute is a siren, not an alert.
const REPEAT_MS_MIN = 5 * 60_000;
const REPEAT_MS_MAX = 30 * 24 * HOUR_MS;
const CHANNELS_MAX = 20;
const ADDRESSES_MAX = 20;

const NAME_PROBLEM = 'a name is 1 to 63 lower-case letters, digits and inner hyphens, for example "ops-mail"';
/** What a rule or a channel is called, by people and in files. */
export const AlertName = z.string(NAME_PROBLEM).regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, NAME_PROBLEM);

// Plain addresses only: no display names, comments, quotes or line breaks, so nothing in one can become a header.
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])$/;
const ADDRESS_PROBLEM = 'to must list addresses such as ops@example.com';
const To = z
  .array(z.string(ADDRESS_PROBLEM).regex(ADDRESS, ADDRESS_PROBLEM), ADDRESS_PROBLEM)
  .min(1, ADDRESS_PROBLEM)
  .max(ADDRESSES_MAX, `to must have at most ${ADDRESSES_MAX} addresses`)
  .transform((list) => [...new Set(list)]);

const URL_CHARS_MAX = 2_000;
const URL_PROBLEM = 'url must be an address such as https://hooks.example.com/alerts, without a user or a password';
const Address = z
  .string(URL_PROBLEM)
  .max(URL_CHARS_MAX, URL_PROBLEM)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  }, URL_PROBLEM);

const SECRET_PROBLEM = 'secret must be whsec_ and 24 to 64 random bytes in base64; leave it out to have one made';
const Secret = z.string(SECRET_PROBLEM).regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, SECRET_PROBLEM);

const Enabled = z.boolean('enabled must be true or false');

const WebhookFields = z.strictObject({
  ...{ kind: z.literal('webhook'), url: Address, secret: Secret.optional(), enabled: Enabled.default(true) },
});
const SlackFields = z.strictObject({ kind: z.literal('slack'), url: Address, enabled: Enabled.default(true) });
const EmailFields = z.strictObject({ kind: z.literal('email'), to: To, enabled: Enabled.default(true) });
const KIND_PROBLEM = `kind must be one of ${CHANNEL_KINDS.join(', ')}`;

/** What a channel is, beside its name. */
export const ChannelFields = z.discriminatedUnion('kind', [WebhookFields, SlackFields, EmailFields], KIND_PROBLEM);

/** A new channel. */
export const CreateChannelInput = z.discriminatedUnion(
  'kind',
  [
    WebhookFields.extend({ name: AlertName }),
    SlackFields.extend({ name: AlertName }),
    EmailFields.extend({ name: AlertName }),
  ],
  KIND_PROBLEM,
);

/** A change of a channel; what is not named stays. What its kind does not have is refused by the service. */
export const UpdateChannelInput = z.strictObject({
  ...{ url: Address.optional(), secret: Secret.optional(), to: To.optional(), enabled: Enabled.optional() },
});

const FOR_PROBLEM = `forMs must be a whole number of milliseconds from 0 to ${FOR_MS_MAX} (a day)`;
const REPEAT_PROBLEM = `repeatMs must be null or from ${REPEAT_MS_MIN} (5 minutes) to ${REPEAT_MS_MAX} (30 days)`;
const CHANNELS_PROBLEM = `channels must list at most ${CHANNELS_MAX} names of channels`;
const ForMs = z.int(FOR_PROBLEM).min(0, FOR_PROBLEM).max(FOR_MS_MAX, FOR_PROBLEM);
const RepeatMs = z.int(REPEAT_PROBLEM).min(REPEAT_MS_MIN, REPEAT_PROBLEM).max(REPEAT_MS_MAX, REPEAT_PROBLEM).nullable();
const SeverityInput = z.enum(SEVERITIES, `severity must be one of ${SEVERITIES.join(', ')}`);
const Channels = z
  .array(AlertName, CHANNELS_PROBLEM)
  .max(CHANNELS_MAX, CHANNELS_PROBLEM)
  .transform((names) => [...new Set(names)]);
const Threshold = z.number('threshold must be a number');

const RuleShape = z.strictObject({
  kind: z.enum(ALERT_KIND_NAMES, `kind must be one of ${ALERT_KIND_NAMES.join(', ')}`),
  threshold: Threshold,
  ...{ forMs: ForMs.default(0), severity: SeverityInput.default('warning') },
  ...{ channels: Channels.default([]), repeatMs: RepeatMs.default(null), enabled: Enabled.default(true) },
});

/** What a rule is, beside its name. */
export const RuleFields = RuleShape.superRefine(refuseThreshold);

/** A new rule. */
export const CreateRuleInput = RuleShape.extend({ name: AlertName }).superRefine(refuseThreshold);

/** A change of a rule; what is not named stays. Its kind does not change. */
export const UpdateRuleInput = z.strictObject({
  ...{ threshold: Threshold.optional(), forMs: ForMs.optional(), severity: SeverityInput.optional() },
  ...{ channels: Channels.optional(), repeatMs: RepeatMs.optional(), enabled: Enabled.optional() },
});

/** What callers pass, before it is checked. */
export type CreateChannelRequest = z.input<typeof CreateChannelInput>;
export type UpdateChannelRequest = z.input<typeof UpdateChannelInput>;
export type CreateRuleRequest = z.input<typeof CreateRuleInput>;
export type UpdateRuleRequest = z.input<typeof UpdateRuleInput>;
export type ChannelFieldsRequest = z.input<typeof ChannelFields>;
export type RuleFieldsRequest = z.input<typeof RuleFields>;

function refuseThreshold(
  { kind, threshold }: Pick<z.output<typeof RuleShape>, 'kind' | 'threshold'>,
  context: z.RefinementCtx,
): void {
  const message = thresholdProblem(kind, threshold);
  if (message !== null) context.addIssue({ code: 'custom', message, path: ['threshold'] });
}
