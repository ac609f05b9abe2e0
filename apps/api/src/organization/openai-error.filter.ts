// Errors of `/v1` have OpenAI's shape here too, so that its packages raise their usual classes.
import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { errorEntry, retryAfterSeconds, toOpenAiError, type Refusal } from '@trunkline/kernel';
import type { Request, Response } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { isAway } from '../http/problem.filter.js';
import { requestIdOf } from '../http/send-problem.js';

/** A refusal on its way to the filter. */
export class RefusedByTenancy extends Error {
  override readonly name = 'RefusedByTenancy';
  constructor(readonly refusal: Refusal) {
    super(refusal.code);
  }
}

@Catch()
export class OpenAiErrorFilter implements ExceptionFilter {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    if (response.headersSent) return void response.destroy();
    const requestId = requestIdOf(http.getRequest<Request>());
    const refusal = this.refusalOf(error, requestId);
    const entry = errorEntry(refusal.code);
    response.status(entry.status).set('x-request-id', requestId).set('x-should-retry', String(entry.retryable));
    const seconds = retryAfterSeconds(refusal);
    if (seconds !== null) response.set('retry-after', String(seconds));
    response.json({ error: toOpenAiError(refusal) });
  }

  private refusalOf(error: unknown, requestId: string): Refusal {
    if (error instanceof RefusedByTenancy) return error.refusal;
    if (error instanceof HttpException && error.getStatus() < 500)
      return {
        code: 'invalid_request',
        message: 'The request could not be read. Check its method, headers and query.',
      };
    const fields = { event: 'organization_request_failed', request_id: requestId, err: error };
    if (isAway(error)) {
      this.parts.log.warn(fields, 'the database did not answer a question about usage');
      return {
        code: 'reports_unavailable',
        message: 'Usage cannot be read at the moment. Try again in a few seconds.',
      };
    }
    this.parts.log.error(fields, 'a question about usage failed unexpectedly');
    return { code: 'internal_error', message: `Trunkline failed. Quote request id ${requestId} to its operator.` };
  }
}
