// The gateway's composition root: builds its parts top to bottom, each registering its own close, binds the listeners,
// and routes upgrades to `upgrade.ts`. No logic of its own.
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { closeServer, listen } from '@trunkline/platform/http';
import type { Shutdown } from '@trunkline/platform/shutdown';
import { mayUseModel } from '@trunkline/tenancy';
import { realtimeModels } from '@trunkline/providers/adapters/openai';
import { clientSecretMint } from './client-secret-mint.js';
import { GatewayHttpModule } from './http/gateway-http.module.js';
import { OpenAiErrorFilter } from './http/openai-error.filter.js';
import type { GatewayHttpParts } from './http/parts.js';
import type { GatewayParts } from './gateway-parts.js';
import { ReportsForward } from './http/reports-forward.js';
import { upgrade } from './upgrade.js';

/** Where the gateway listens. */
export interface GatewayListeners {
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly tls: { readonly certPem: string; readonly keyPem: string };
}

/** The ports that were bound. */
export interface ListeningGateway {
  readonly httpPort: number;
  readonly httpsPort: number;
}

// A client that opens a connection and never finishes its handshake is cut after this; bounds slowloris.
const HANDSHAKE_MS_MAX = 10_000;
const HEADER_BYTES_MAX = 16 * 1024;
const CLOSE_MS_MAX = 5_000;

/** Binds both listeners and serves. `reportsUrl`: where the control plane is, once it is. Closing is registered with `shutdown`. @throws ListenFailed */
export async function serveGateway(
  parts: GatewayParts,
  listeners: GatewayListeners,
  reportsUrl: () => string | null,
  shutdown: Shutdown,
): Promise<ListeningGateway> {
  const app = await httpApp(parts, reportsUrl, shutdown);
  const express = app.getHttpAdapter().getInstance() as Parameters<typeof createHttpServer>[1];
  const limits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HANDSHAKE_MS_MAX,
    connectionsCheckingInterval: 1_000,
  };
  const { certPem: cert, keyPem: key } = listeners.tls;
  const http = createHttpServer({ ...limits, noDelay: true }, express);
  const https = createHttpsServer({ ...limits, noDelay: true, cert, key, handshakeTimeout: HANDSHAKE_MS_MAX }, express);
  const ports: number[] = [];
  for (const [server, port, flag] of [
    [http, listeners.httpPort, '--http-port'],
    [https, listeners.httpsPort, '--https-port'],
  ] as const) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void upgrade(parts, request, socket, head);
    });
    ports.push(await listen(server, { host: listeners.host, port, flag }));
    shutdown.register(flag.slice(2, -5), CLOSE_MS_MAX, () => closeServer(server));
  }
  return { httpPort: ports[0] ?? 0, httpsPort: ports[1] ?? 0 };
}

async function httpApp(
  parts: GatewayParts,
  reportsUrl: () => string | null,
  shutdown: Shutdown,
): Promise<NestExpressApplication> {
  const routes: GatewayHttpParts = {
    authenticate: async (key, origin) => {
      const presented = await parts.credentials.read(key);
      return presented.ok ? parts.credentials.judge(presented.value, origin, parts.policy()) : presented;
    },
    mint: clientSecretMint(parts),
    revokeSecret: (owner, id) => parts.secrets.revoke(owner, id),
    modelsFor: (principal) => {
      const offered = [...parts.policy().pools.values()].flatMap((pool) => pool.models ?? realtimeModels());
      return [...new Set(offered)].filter((model) => mayUseModel(principal, model));
    },
    bills: parts.bills,
    reports: new ReportsForward(reportsUrl, parts.log),
  };
  const app = await NestFactory.create<NestExpressApplication>(GatewayHttpModule.with(routes), new ExpressAdapter(), {
    bodyParser: false,
    logger: false,
  });
  app.disable('x-powered-by');
  app.useGlobalFilters(
    new OpenAiErrorFilter((error, requestId) =>
      parts.log.error({ event: 'request_failed', request_id: requestId, err: error }, 'a request failed unexpectedly'),
    ),
  );
  await app.init();
  shutdown.register('gateway routes', CLOSE_MS_MAX, () => app.close());
  return app;
}
