// `/admin/api/v1/moderation/:tenant/policy`: what a tenant's sessions are judged by. Each change is a new version, nothing is
// overwritten; live sessions follow it within two seconds. Version 0 where none was ever set.
import { Body, Controller, Delete, Get, Inject, Param, Put, Req, Res } from '@nestjs/common';
import { ok, type TenantId } from '@trunkline/kernel';
import { policySchema, type ModerationPolicy } from '@trunkline/moderation';
import {
  lockPolicyVersion,
  moderationPoliciesOf,
  noticesStanding,
  setModerationPolicyIn,
} from '@trunkline/moderation/adapters/prisma';
import { checkPolicy } from '@trunkline/moderation/adapters/rules';
import type { SecretSeal } from '@trunkline/platform/secrets';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { personNamed } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { edited, tagged } from '../http/edit.js';
import { RefusedRequest } from '../http/problem.js';
import { Answers } from '../openapi/answers.js';
import { Conditional } from '../openapi/headers.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import {
  inForce,
  NO_POLICY,
  NoticesAnswer,
  noticesView,
  PolicyAnswer,
  policyView,
  PolicyVersionsAnswer,
  type PolicyInForce,
} from './policy-answers.js';

const NOTHING = { version: 1, hooks: [] };
const GIVEN_UP_MAX = 100;

interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

@Controller('admin/api/v1/moderation/:tenant')
@OpenToPrograms(true)
export class ModerationPolicyController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('policies:read', 'tenant')
  @Answers(PolicyAnswer, { says: "The tenant's policy in force." })
  @Get('policy')
  async inForce(@Param('tenant') named: string, @Res({ passthrough: true }) response: Response) {
    return tagged(response, await this.read(await this.tenantId(named)), policyView);
  }

  @Allow('policies:read', 'tenant')
  @Answers(PolicyVersionsAnswer, { says: 'Every policy that the tenant had, the one in force first.' })
  @Get('policy/versions')
  async versions(@Param('tenant') named: string) {
    const versions = await orTooLong(moderationPoliciesOf(this.parts.db, await this.tenantId(named)));
    return { versions: versions.map((each) => policyView(inForce(each))) };
  }

  @Allow('policies:write')
  @Conditional()
  @Answers(PolicyAnswer, { says: 'Puts a policy in force; live sessions follow it within two seconds.' })
  @Put('policy')
  set(
    @Param('tenant') named: string,
    @Body({ schema: policySchema }) body: z.input<typeof policySchema>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(named, body, { request, response });
  }

  @Allow('policies:write')
  @Conditional()
  @Answers(PolicyAnswer, { says: 'Judges nothing from now on: a version without hooks.' })
  @Delete('policy')
  remove(@Param('tenant') named: string, @Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.edit(named, NOTHING, { request, response });
  }

  @Allow('reviews:read')
  @Answers(NoticesAnswer, {
    says: "What the tenant's own service is still to be told of findings, and what it never took.",
  })
  @Get('notices')
  async notices(@Param('tenant') named: string) {
    return noticesView(await orTooLong(noticesStanding(this.parts.db, await this.tenantId(named), GIVEN_UP_MAX)));
  }

  private async edit(named: string, body: unknown, exchange: Exchange) {
    const tenantId = await this.tenantId(named);
    const { seal, open } = this.sealed();
    const policy = policyOf(body, (secret) => open(secret, tenantId));
    const actor = personNamed(exchange.request);
    // What it is is in the record by its row, with its secrets sealed.
    const asked = { hooks: policy.hooks.map(({ name }) => name) };
    return edited(this.parts.db, exchange, {
      thing: { kind: 'other', versionOf: async (tx) => `${await lockPolicyVersion(tx, tenantId)}` },
      change: { kind: 'moderation_policy', id: tenantId, tenantId, asked, withoutResult: true },
      make: (db) =>
        db.$transaction(async (tx) => ok(inForce(await setModerationPolicyIn(tx, tenantId, { policy, actor, seal })))),
      read: async () => ok(await this.read(tenantId)),
      view: policyView,
    });
  }

  private async read(tenantId: TenantId): Promise<PolicyInForce> {
    const [current] = await orTooLong(moderationPoliciesOf(this.parts.db, tenantId));
    return current === undefined ? NO_POLICY : inForce(current);
  }

  private sealed(): SecretSeal {
    if (this.parts.seal !== null) return this.parts.seal;
    const detail = "This process cannot seal a policy's secrets: start it with the pepper of the installation.";
    throw new RefusedRequest('secrets_not_here', { detail });
  }

  private async tenantId(named: string): Promise<TenantId> {
    return (await orTooLong(tenantNamed(this.parts.tenancy, named))).id;
  }
}

/** @throws RefusedRequest with every problem of it */
function policyOf(body: unknown, open: (sealed: string) => string | null): ModerationPolicy {
  const checked = checkPolicy(body, open);
  if (checked.ok) return checked.value;
  const errors = checked.error.map((problem) => {
    const [, parameter = '', detail = problem] = /^([^:]{1,80}): (.*)$/s.exec(problem) ?? [];
    return { parameter, detail };
  });
  throw new RefusedRequest('invalid_request', { detail: `The policy is refused: ${checked.error.join('; ')}`, errors });
}
