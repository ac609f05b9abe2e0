// `/admin/api/v1/pools`: making pools and changing their settings. How they stand is `pools.controller.ts`.
import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Put, Req, Res } from '@nestjs/common';
import { ApplyPresetInput, CreatePoolInput, UpdatePoolInput } from '@trunkline/tenancy';
import type { ApplyPresetRequest, CreatePoolRequest, PoolRecord, UpdatePoolRequest } from '@trunkline/tenancy';
import { ok } from '@trunkline/kernel';
import {
  applyTierPreset,
  createPool,
  findPool,
  updatePool,
  type PoolContext,
} from '@trunkline/tenancy/adapters/prisma';
import type { Database } from '@trunkline/platform/database';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { Allow, NeedsStepUp, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { edited, tagged } from '../http/edit.js';
import { madeOnce } from '../http/make-once.js';
import { RefusedRequest } from '../http/problem.js';
import { Answers } from '../openapi/answers.js';
import { Conditional, Repeatable } from '../openapi/headers.js';
import { orTooLong } from '../reads/read-within.js';
import { PoolSettingsAnswer, poolSettingsView } from './pool-settings.js';

// The upstream's key has a route of its own, which needs a fresh sign-in.
const NewPoolBody = CreatePoolInput.omit({ upstreamKey: true });
const PoolBody = UpdatePoolInput.omit({ upstreamKey: true });
const KeyBody = UpdatePoolInput.pick({ upstreamKey: true }).required();
const NO_SEAL = 'This process cannot seal an upstream key: start it with the pepper of the installation.';

@Controller('admin/api/v1/pools')
@OpenToPrograms(true)
export class PoolSettingsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('pools:write')
  @Repeatable()
  @Answers(PoolSettingsAnswer, { says: 'Makes a pool.', status: 201 })
  @Post()
  create(@Body({ schema: NewPoolBody }) body: Omit<CreatePoolRequest, 'upstreamKey'>, @Req() request: Request) {
    return madeOnce(this.parts, request, {
      ...{ change: { kind: 'pool', id: null, asked: body }, body },
      make: (db) => createPool(this.context(db), body),
      ...{ answer: PoolSettingsAnswer, view: poolSettingsView },
    });
  }

  @Allow('pools:read')
  @Answers(PoolSettingsAnswer, { says: 'The settings of a pool.' })
  @Get(':named/settings')
  async one(@Param('named') named: string, @Res({ passthrough: true }) response: Response) {
    return tagged(response, administered(await orTooLong(findPool(this.parts.tenancy, named))), poolSettingsView);
  }

  /** `status: draining` lets no new session in. Caps below what is open end nobody. */
  @Allow('pools:write')
  @Conditional()
  @Answers(PoolSettingsAnswer, { says: 'Changes what is named: caps, weight, models, queue, address, draining.' })
  @Patch(':named/settings')
  update(
    @Param('named') named: string,
    @Body({ schema: PoolBody }) body: Omit<UpdatePoolRequest, 'upstreamKey'>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(named, { request, response, asked: body }, (context, id) => updatePool(context, id, body));
  }

  /** Written only: no answer shows it again. */
  @Allow('pools:write')
  @NeedsStepUp(true)
  @Conditional()
  @Answers(PoolSettingsAnswer, { says: "Seals the upstream account's key for a pool; null: the key of the settings." })
  @Put(':named/upstream-key')
  setKey(
    @Param('named') named: string,
    @Body({ schema: KeyBody }) body: z.input<typeof KeyBody>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const asked = { upstreamKey: body.upstreamKey === null ? 'of the settings' : 'its own' };
    return this.edit(named, { request, response, asked }, (context, id) => updatePool(context, id, body));
  }

  @Allow('pools:write')
  @Conditional()
  @Answers(PoolSettingsAnswer, { says: 'Fills the caps that are documented for a usage tier.' })
  @Post(':named/preset')
  @HttpCode(200)
  preset(
    @Param('named') named: string,
    @Body({ schema: ApplyPresetInput }) body: ApplyPresetRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(named, { request, response, asked: { preset: body } }, async (context, id) => {
      const applied = await applyTierPreset(context, id, body);
      return applied.ok ? ok(applied.value.pool) : applied;
    });
  }

  private async edit(
    named: string,
    { asked, ...exchange }: { readonly request: Request; readonly response: Response; readonly asked: unknown },
    act: (context: PoolContext, id: PoolRecord['id']) => ReturnType<typeof updatePool>,
  ) {
    const { id } = administered(await orTooLong(findPool(this.parts.tenancy, named)));
    return edited(this.parts.db, exchange, {
      thing: { kind: 'pool', poolId: id },
      change: { kind: 'pool', id, asked },
      make: (db) => act(this.context(db), id),
      read: () => findPool(this.parts.tenancy, id),
      view: poolSettingsView,
    });
  }

  private context(db: Database): PoolContext {
    const { seal, tenancy } = this.parts;
    const sealUpstreamKey = (upstreamKey: string, poolId: string) => {
      if (seal === null) throw new RefusedRequest('secrets_not_here', { detail: NO_SEAL });
      return seal.seal(upstreamKey, poolId);
    };
    return { ...tenancy, db, sealUpstreamKey };
  }
}
