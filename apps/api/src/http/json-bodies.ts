// Reads the bodies of routes that declare one (`@Body({ schema })`): after the guard, so that nobody who is not signed in makes this
// process parse anything, and after a page of another site was refused.
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { jsonOf } from './read-json.js';
import { assertOwnSite } from './same-site.js';

const READS_ONLY = new Set(['GET', 'HEAD']);

@Injectable()
export class JsonBodies implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request & { body?: unknown }>();
    if (!READS_ONLY.has(request.method)) assertOwnSite(request);
    if (takesBody(context)) request.body = await jsonOf(request);
    return next.handle();
  }
}

// As Nest keeps it: `<kind>:<index>` of each parameter of the handler.
function takesBody(context: ExecutionContext): boolean {
  const parameters: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name);
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
}
