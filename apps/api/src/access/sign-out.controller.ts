// `/admin/sign-out`: ends the sessions whose cookies the browser sends. Open to everybody: who is not signed in ends nothing.
import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { endAdminSession, findAdminSession } from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { originOf } from './access-of.js';
import { OpenWithoutSession } from './allow.js';

@Controller('admin/sign-out')
export class SignOutController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Post()
  @HttpCode(204)
  @OpenWithoutSession(true)
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<void> {
    const { tenancy, cookies } = this.parts;
    for (const secret of cookies.secretsOf(request)) {
      const principal = await findAdminSession(tenancy, [secret]);
      if (principal !== null) await endAdminSession(tenancy, principal, originOf(request));
    }
    cookies.clear(request, response);
  }
}
