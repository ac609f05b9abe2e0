// `/admin/api/v1/one-time-link`: a new one-time link for whoever holds the operator token, which is the machine's terminal: to sign
// in again without a restart. No member and no other token gets one: it makes an owner.
import { Controller, Inject, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { accessOf } from './access-of.js';
import { Allow, NeedsStepUp, OpenToPrograms } from './allow.js';
import { recordOnly } from './audit.js';

@Controller('admin/api/v1/one-time-link')
@OpenToPrograms(true)
export class NewLinkController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Ends the link before, unless that has been used. `path` is a secret. */
  @Allow('members:write')
  @NeedsStepUp(true)
  @Post()
  async make(@Req() request: Request) {
    const { principal } = accessOf(request);
    if (principal.kind !== 'operator')
      throw new RefusedRequest('does_not_hold', { detail: 'Only the operator token makes one-time links.' });
    await recordOnly(this.parts.db, request, { kind: 'one_time_link', id: 'new', asked: 'make' });
    return { path: `/admin/start?token=${this.parts.link.issue()}` };
  }
}
