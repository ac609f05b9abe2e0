// Errors to app developers have OpenAI's shape on every route, so that the official SDKs raise their usual classes.
import { randomUUID } from 'node:crypto';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { errorEntry, retryAfterSeconds, toOpenAiError, type Refusal } from '@trunkline/kernel';
import type { Request, Response } from 'express';
import { RefusedRequest } from './parts.js';

@Catch()
export class OpenAiErrorFilter implements ExceptionFilter {
  constructor(private readonly onUnexpected: (error: unknown, requestId: string) => void) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const requestId = `req_${randomUUID().replaceAll('-', '')}`;
    const refusal = this.refusalOf(error, http.getRequest<Request>(), requestId);
    const entry = errorEntry(refusal.code);
    const response = http.getResponse<Response>();
    response.status(entry.status).set('x-request-id', requestId).set('x-should-retry', String(entry.retryable));
    const seconds = retryAfterSeconds(refusal);
    if (seconds !== null) response.set('retry-after', String(seconds));
    if (refusal.code === 'upgrade_required') response.set('upgrade', 'websocket');
    response.json({ error: toOpenAiError(refusal) });
  }

  private refusalOf(error: unknown, request: Request, requestId: string): Refusal {
    if (error instanceof RefusedRequest) return error.refusal;
    if (error instanceof HttpException && error.getStatus() === 404) {
      return { code: 'not_found', message: `Invalid URL (${request.method} ${printable(request.path)})` };
    }
    if (error instanceof HttpException && error.getStatus() < 500) {
      return { code: 'invalid_request', message: 'The request could not be read. Check its method, headers and body.' };
    }
    this.onUnexpected(error, requestId);
    return { code: 'internal_error', message: `The gateway failed. Quote request id ${requestId} to its operator.` };
  }
}

function printable(path: string): string {
  return path.replace(/[^\x21-\x7e]/g, '?').slice(0, 120);
}
