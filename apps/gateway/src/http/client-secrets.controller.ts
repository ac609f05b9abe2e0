// Client secrets over HTTP: minting one in OpenAI's shape, and taking one back, which OpenAI cannot.
import { Controller, Delete, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { hasScope, SCOPE_REFUSALS, type Principal } from '@trunkline/tenancy';
import type { Request } from 'express';
import type { MintedSecret } from './parts.js';
import { Caller } from './api-key.guard.js';
import { GATEWAY_HTTP, RefusedRequest, type GatewayHttpParts } from './parts.js';
import { readJson } from './read-json.js';

// Instructions and tools of a large agent are some tens of kilobytes.
const BODY_BYTES_MAX = 256 * 1024;
const IDENTIFIER_CHARS_MAX = 512;

@Controller('v1')
export class ClientSecretsController {
  constructor(@Inject(GATEWAY_HTTP) private readonly parts: GatewayHttpParts) {}

  /** `POST /v1/realtime/client_secrets`. */
  @Post('realtime/client_secrets')
  @HttpCode(200)
  async mint(@Caller() caller: Principal, @Req() request: Request): Promise<MintedSecret> {
    mayOpenSessions(caller);
    const body = await readJson(request, BODY_BYTES_MAX);
    const named = request.headers['openai-safety-identifier'];
    const identifier = typeof named === 'string' && named !== '' ? named.slice(0, IDENTIFIER_CHARS_MAX) : null;
    const minted = await this.parts.mint(caller, body, identifier);
    if (minted.ok) return minted.value;
    throw new RefusedRequest(minted.error);
  }

  /** Takes a secret of the caller's key back: it opens no session any more, and those that it opened end. */
  @Delete('realtime/client_secrets/:id')
  async revoke(@Caller() caller: Principal, @Param('id') id: string): Promise<{ id: string; revoked: true }> {
    mayOpenSessions(caller);
    const revoked = await this.parts.revokeSecret(caller, id);
    if (revoked) return { id: revoked.id, revoked: true };
    throw new RefusedRequest({ code: 'not_found', message: 'This key has minted no client secret with this id.' });
  }

  /** What the beta dialect had instead. */
  @Post(['realtime/sessions', 'realtime/transcription_sessions'])
  beta(): never {
    throw new RefusedRequest({
      code: 'beta_api_shape_disabled',
      message:
        'The Realtime beta dialect is not served, nor are its ephemeral tokens. Mint with POST /v1/realtime/client_secrets and connect without a beta header.',
    });
  }
}

function mayOpenSessions(caller: Principal): void {
  if (!hasScope(caller, 'sessions')) throw new RefusedRequest(SCOPE_REFUSALS.sessions);
}
