// `/admin/api/v1/tenants/:tenant/shares/:pool`: what a tenant has of a pool. The default where nothing is stored, with version 0.
import { Body, Controller, Delete, Get, Inject, Param, Put, Req, Res } from '@nestjs/common';
import { SetShareInput, type SetShareRequest } from '@trunkline/tenancy';
import {
  findShare,
  removeShare,
  setShare,
  type ShareHolder,
  type TenancyContext,
} from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { edited, tagged } from '../http/edit.js';
import { Answers } from '../openapi/answers.js';
import { Conditional } from '../openapi/headers.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { ShareAnswer, shareView } from './tenant-answers.js';

const SharePath = z.strictObject({ tenant: z.string(), pool: z.string() });
type SharePath = z.output<typeof SharePath>;

@Controller('admin/api/v1/tenants/:tenant/shares')
@OpenToPrograms(true)
export class SharesController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('pools:read', 'tenant')
  @Answers(ShareAnswer, { says: 'What a tenant has of a pool.' })
  @Get(':pool')
  async one(@Param({ schema: SharePath }) path: SharePath, @Res({ passthrough: true }) response: Response) {
    const holder = await this.holderOf(path);
    return tagged(response, administered(await orTooLong(findShare(this.parts.tenancy, holder))), shareView);
  }

  @Allow('pools:write')
  @Conditional()
  @Answers(ShareAnswer, { says: 'Sets a share; what is not named stays.' })
  @Put(':pool')
  set(
    @Param({ schema: SharePath }) path: SharePath,
    @Body({ schema: SetShareInput }) body: SetShareRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(path, { request, response, asked: body }, (context, holder) => setShare(context, holder, body));
  }

  @Allow('pools:write')
  @Conditional()
  @Answers(ShareAnswer, { says: 'Takes a share away: floor 0, no ceiling, weight 1. Answers what was taken.' })
  @Delete(':pool')
  remove(
    @Param({ schema: SharePath }) path: SharePath,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(path, { request, response, asked: 'remove' }, (context, holder) => removeShare(context, holder));
  }

  private async edit(
    path: SharePath,
    { asked, ...exchange }: { readonly request: Request; readonly response: Response; readonly asked: unknown },
    act: (context: TenancyContext, holder: ShareHolder) => ReturnType<typeof setShare>,
  ) {
    const holder = await this.holderOf(path);
    const { poolId, tenantId } = administered(await orTooLong(findShare(this.parts.tenancy, holder)));
    return edited(this.parts.db, exchange, {
      thing: { kind: 'share', tenantId, poolId },
      change: { kind: 'share', id: `${poolId} ${tenantId}`, tenantId, asked },
      make: (db) => act({ ...this.parts.tenancy, db }, holder),
      read: () => findShare(this.parts.tenancy, holder),
      view: shareView,
    });
  }

  private async holderOf({ tenant, pool }: SharePath): Promise<ShareHolder> {
    return { pool, tenantId: (await orTooLong(tenantNamed(this.parts.tenancy, tenant))).id };
  }
}
