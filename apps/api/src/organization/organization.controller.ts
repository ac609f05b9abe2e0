// `/v1/organization`: usage and costs of the caller's own tenant in OpenAI's shape, for its official admin client and for
// tools that were written for it. Apps reach it through a gateway's base address; a foreign id finds nothing, as one that
// does not exist, so that nobody can ask who else is here.
import { All, Controller, Get, Inject, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { Result, Refusal } from '@trunkline/kernel';
import {
  organizationPage,
  readQuestion,
  spansOf,
  type OrganizationPage,
  type OrganizationTopic,
} from '@trunkline/reporting';
import { organizationRowsOfTenant } from '@trunkline/reporting/adapters/prisma';
import type { Request } from 'express';
import { OpenWithoutSession } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { readWithin } from '../reads/read-within.js';
import { OpenAiErrorFilter, RefusedByTenancy } from './openai-error.filter.js';
import { callerOf, UsageKeyGuard } from './usage-key.guard.js';

const NOT_FOUND =
  'There are /v1/organization/usage/completions, /audio_transcriptions and /audio_speeches, and /v1/organization/costs, to GET.';

@Controller('v1/organization')
@UseGuards(UsageKeyGuard)
@UseFilters(OpenAiErrorFilter)
export class OrganizationController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Get('usage/completions')
  @OpenWithoutSession(true)
  completions(@Req() request: Request): Promise<OrganizationPage> {
    return this.answer('completions', request);
  }

  @Get('usage/audio_transcriptions')
  @OpenWithoutSession(true)
  audioTranscriptions(@Req() request: Request): Promise<OrganizationPage> {
    return this.answer('audio_transcriptions', request);
  }

  @Get('usage/audio_speeches')
  @OpenWithoutSession(true)
  audioSpeeches(@Req() request: Request): Promise<OrganizationPage> {
    return this.answer('audio_speeches', request);
  }

  @Get('costs')
  @OpenWithoutSession(true)
  costs(@Req() request: Request): Promise<OrganizationPage> {
    return this.answer('costs', request);
  }

  @All('*path')
  @OpenWithoutSession(true)
  notFound(): never {
    throw new RefusedByTenancy({ code: 'not_found', message: NOT_FOUND });
  }

  private async answer(topic: OrganizationTopic, request: Request): Promise<OrganizationPage> {
    const { tenantId } = callerOf(request);
    const { searchParams } = new URL(request.originalUrl, 'http://localhost');
    const nowS = Math.floor(this.parts.tenancy.clock.nowMs() / 1000);
    const question = accepted(readQuestion(topic, searchParams, nowS));
    const { spans } = spansOf(question);
    const endS = spans.at(-1)?.endS ?? question.startS;
    const range = { startS: question.startS, endS, width: question.width };
    const rows = await readWithin(this.parts.db, (tx) => organizationRowsOfTenant(tx, tenantId, range));
    return organizationPage(question, rows);
  }
}

function accepted<T>(result: Result<T, Refusal>): T {
  if (result.ok) return result.value;
  throw new RefusedByTenancy(result.error);
}
