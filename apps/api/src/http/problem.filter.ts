// Every error of a route becomes a problem of the closed list; what nobody expected is logged and tells nothing.
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { LeaseStoreUnavailable } from '@trunkline/admission';
import { isDatabaseUnavailable, sqlStateOf } from '@trunkline/platform/database';
import type { Log } from '@trunkline/platform/logging';
import type { Request, Response } from 'express';
import { LinesNotKnown } from '../pools/pool-reads.js';
import { ReadTookTooLong } from '../reads/read-within.js';
import { RefusedRequest, type ProblemCode, type ProblemWords } from './problem.js';
import { requestIdOf, sendProblem } from './send-problem.js';

// The server cancelled the statement at its deadline.
const STATEMENT_CANCELLED = '57014';
const SET_REDIS_URL =
  'This process does not know where lines are counted: set REDIS_URL to the Redis of the gateways and restart it.';

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    if (response.headersSent) return void response.destroy();
    const request = http.getRequest<Request>();
    const requestId = requestIdOf(request);
    sendProblem(request, response, { ...this.problemOf(error, requestId), requestId });
  }

  private problemOf(error: unknown, requestId: string): { code: ProblemCode; words: ProblemWords } {
    if (error instanceof RefusedRequest) return { code: error.code, words: error.words };
    if (error instanceof HttpException && error.getStatus() < 500) return refusalOf(error.getStatus());
    if (error instanceof LinesNotKnown) return { code: 'lines_not_known', words: { detail: SET_REDIS_URL } };
    const fields = { event: 'admin_request_failed', request_id: requestId, err: error };
    if (error instanceof LeaseStoreUnavailable) {
      this.log.warn(fields, 'the store of the lines did not answer the admin pages');
      const detail = 'Redis is away or too slow; new sessions are refused meanwhile. Try again in a moment.';
      return { code: 'lines_unavailable', words: { detail } };
    }
    if (isAway(error)) {
      this.log.warn(fields, 'the database did not answer the admin pages');
      const detail = 'The database is away or too slow; calls in progress are not affected. Try again in a moment.';
      return { code: 'database_unavailable', words: { detail } };
    }
    this.log.error(fields, 'an admin request failed unexpectedly');
    return { code: 'internal_error', words: { detail: `Look for ${requestId} in Trunkline's log.` } };
  }
}

function refusalOf(status: number): { code: ProblemCode; words: ProblemWords } {
  if (status === 404) {
    const detail =
      'Try /admin, or /admin/api/v1/ with tenants, sessions, usage, costs, pools, prices, ledger, periods or moderation.';
    return { code: 'not_found', words: { detail } };
  }
  return { code: 'invalid_request', words: { detail: 'Check the method, path and headers of the request.' } };
}

/** Whether the database is away or too slow, rather than that something is wrong with us. */
export function isAway(error: unknown): boolean {
  return error instanceof ReadTookTooLong || isDatabaseUnavailable(error) || sqlStateOf(error) === STATEMENT_CANCELLED;
}
