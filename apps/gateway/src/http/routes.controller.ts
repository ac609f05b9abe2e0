// The plain HTTP side of `/v1`: models, the bill of a session, and a clear word to who speaks HTTP on a WebSocket path.
import { All, Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import type { Principal } from '@trunkline/tenancy';
import type { Request, Response } from 'express';
import type { BillView } from '../session-bill.js';
import { Caller } from './api-key.guard.js';
import { GATEWAY_HTTP, RefusedRequest, type GatewayHttpParts } from './parts.js';

// When these models came to be is not ours to say; OpenAI's shape wants a number.
const CREATED_UNKNOWN = 0;

interface ModelView {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

@Controller('v1')
export class RoutesController {
  constructor(@Inject(GATEWAY_HTTP) private readonly parts: GatewayHttpParts) {}

  /** `GET /v1/models` in OpenAI's shape: what this key may open sessions with. */
  @Get('models')
  models(@Caller() caller: Principal): { object: 'list'; data: readonly ModelView[] } {
    return { object: 'list', data: this.parts.modelsFor(caller).map(modelView) };
  }

  /** `GET /v1/models/:id`. */
  @Get('models/:id')
  model(@Caller() caller: Principal, @Param('id') id: string): ModelView {
    if (this.parts.modelsFor(caller).includes(id)) return modelView(id);
    throw new RefusedRequest({
      code: 'model_not_found',
      message: 'The model does not exist or you may not use it.',
      param: 'model',
    });
  }

  /** Usage and running cost of one of the caller's sessions, open or recently closed, as the gateway counted it. */
  @Get('trunkline/sessions/:id')
  session(@Caller() caller: Principal, @Param('id') id: string): BillView {
    const bill = this.parts.bills.find(caller.tenantId, id);
    if (bill) return bill.view();
    throw new RefusedRequest({
      code: 'not_found',
      message:
        'No such session here. Only open and recently closed sessions of your own are listed; older ones are in the ledger.',
    });
  }

  /** Usage and costs in OpenAI's shape: the control plane's, which knows the books. */
  @All('organization/*path')
  organization(@Req() request: Request, @Res() response: Response): Promise<void> {
    if (request.method === 'GET') return this.parts.reports.forward(request, response);
    throw new RefusedRequest({ code: 'method_not_allowed', message: 'Usage and costs can be read only: use GET.' });
  }

  /** A WebSocket path that was called with plain HTTP. */
  @All('realtime')
  upgradeRequired(): never {
    throw new RefusedRequest({
      code: 'upgrade_required',
      message: 'This path speaks WebSocket. Connect with wss:// (or ws://) instead of https://.',
    });
  }
}

function modelView(id: string): ModelView {
  return { id, object: 'model', created: CREATED_UNKNOWN, owned_by: 'openai' };
}
