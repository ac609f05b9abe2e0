// A moderation policy as JSON, and what stands of notices, and what the document says of both.
import type { NoticesStanding, PolicyVersion } from '@trunkline/moderation/adapters/prisma';
import { z } from 'zod';
import { Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

/** A policy of a tenant. */
export const PolicyAnswer = z.strictObject({
  version: z.int().meta({ description: '0: none was ever set' }),
  policy: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'as stored, its secrets sealed; null: none was ever set' }),
  actor: z.string().nullable(),
  since: Instant.nullable(),
});

/** All of a tenant. */
export const PolicyVersionsAnswer = z.strictObject({ versions: z.array(PolicyAnswer) });

/** What a tenant's service has not been told. */
export const NoticesAnswer = z.strictObject({
  ...{ waiting: z.int(), oldest: Instant.nullable() },
  givenUp: z
    .array(z.strictObject({ finding: z.string(), why: z.string().nullable(), at: Instant }))
    .meta({ description: 'the newest 100 that it never took' }),
});

/** A policy of a tenant, as it is stored. */
export interface PolicyInForce {
  /** For the ETag. */
  readonly version: string;
  readonly policy: unknown;
  readonly actor: string | null;
  readonly createdAtMs: number | null;
}

/** Of a tenant that never had one. */
export const NO_POLICY: PolicyInForce = { version: '0', policy: null, actor: null, createdAtMs: null };

/** A version of it. */
export function inForce({ version, ...policy }: PolicyVersion): PolicyInForce {
  return { ...policy, version: `${version}` };
}

const stored = z.record(z.string(), z.unknown()).nullable();

/** A policy. */
export function policyView({ version, policy, actor, createdAtMs }: PolicyInForce): z.output<typeof PolicyAnswer> {
  const since = createdAtMs === null ? null : isoOf(createdAtMs);
  return { version: Number(version), policy: stored.parse(policy), actor, since };
}

/** What stands of notices. */
export function noticesView({ waiting, oldest, givenUp }: NoticesStanding): z.output<typeof NoticesAnswer> {
  return {
    ...{ waiting, oldest: oldest?.toISOString() ?? null },
    givenUp: givenUp.map(({ findingId, outcome, at }) => ({ finding: findingId, why: outcome, at: at.toISOString() })),
  };
}
