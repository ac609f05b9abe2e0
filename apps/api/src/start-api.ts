// The control plane's composition root: makes its parts, binds its listener, registers the closes. It reads and writes the
// database and looks at the lines; a live session is out of its reach (arrow 7).
import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import type { EndUserHasher, KeyWrap } from '@trunkline/moderation';
import type { SecretSeal } from '@trunkline/platform/secrets';
import type { Database } from '@trunkline/platform/database';
import { closeServer, listen, urlHost } from '@trunkline/platform/http';
import type { Log } from '@trunkline/platform/logging';
import type { Shutdown } from '@trunkline/platform/shutdown';
import { authenticate, FreshPolicy } from '@trunkline/tenancy';
import { guarded, PrismaPolicySource, TenantRows, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { AdminCookies } from './access/admin-cookie.js';
import { OneTimeLink } from './access/one-time-link.js';
import { hostPolicy } from './access/host-names.js';
import { operatorCheck } from './access/operator-token.js';
import type { ApiRouteParts, ExportAccess, UpstreamKind } from './api-parts.js';
import { ApiModule } from './api.module.js';
import { serveDashboard } from './dashboard/serve-dashboard.js';
import { frontDoor } from './http/front-door.js';
import { ProblemFilter } from './http/problem.filter.js';
import { StorableInput } from './http/storable-input.js';
import { ValidInput } from './http/valid-input.js';
import { openApiDocument } from './openapi/document.js';
import { LiveGateway } from './live/live.gateway.js';
import { PoolReads, type LineViews } from './pools/pool-reads.js';
import { OidcSignIn, type SignInSettings } from './sign-in/oidc.js';

/** What the control plane needs. */
export interface ApiParts {
  /** Reports take one connection at a time from its pool. */
  readonly db: Database;
  readonly tenancy: TenancyContext;
  readonly upstream: UpstreamKind;
  /** Where the lines can be looked at; null: not known, pools are told without. */
  readonly lines: LineViews | null;
  /** What programs of the operator send as a bearer token; null: they cannot. */
  readonly operatorToken: string | null;
  /** Sign-in by the company's issuer; without it by one-time link only. */
  readonly signIn?: SignInSettings | null;
  /** Where browsers reach the admin pages, through a TLS proxy say; without, as they say themselves. */
  readonly publicUrl?: string | null;
  /** `--single-person`; without it two are wanted. */
  readonly allowsOnePerson?: boolean;
  /** Where exports are kept; without, the routes about them say that they are not here. */
  readonly exports?: ExportAccess;
  /** Opens the keys of kept content; without, it cannot be read here. */
  readonly contentSeal?: KeyWrap;
  /** What end users are called; without, nothing of a person can be found here. */
  readonly hashEndUser?: EndUserHasher;
  /** The folder of the built dashboard; without, there are no pages but those of sign-in and problems. */
  readonly dashboardDir?: string;
  /** Where apps reach the gateway; left out where that is not known here. */
  readonly gatewayUrl?: string;
  /** Seals upstream keys and the answers of creates; without, routes that need it say so. */
  readonly seal?: SecretSeal;
  /** The address to bind (`--host`) and the port (`--admin-port`; 0 picks a free one). */
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly shutdown: Shutdown;
}

/** A control plane that answers. */
export interface RunningApi {
  readonly port: number;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Base address of the API for programs, without a slash at the end. */
  readonly apiUrl: string;
  /**
   * A link that opens the admin pages once, within 24 hours. Holds a secret: show it, do not log it. Each call makes a new
   * link and ends the one before, unless that has been used.
   */
  oneTimeLink(): string;
}

const CLOSE_MS_MAX = 5_000;
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_MS_MAX = 10_000;

/** Binds the listener and serves. Register the database's close before it. @throws ListenFailed */
export async function startApi(parts: ApiParts): Promise<RunningApi> {
  const { host, log, shutdown } = parts;
  const link = new OneTimeLink(parts.tenancy);
  const rows = new TenantRows(parts.db, (problem) =>
    log.warn(
      { event: 'tenant_rows_open', to_do: problem },
      'PostgreSQL does not keep rows of tenants apart yet: docs/access.md says what to grant',
    ),
  );
  // Said at the start, if the database answers by then; else with the first request that it concerns.
  await rows.isAble().catch(() => false);
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_MS_MAX });
  const app = await routes(routeParts(parts, { link, rows }), { server, dashboardDir: parts.dashboardDir ?? null });
  shutdown.register('admin routes', CLOSE_MS_MAX, () => app.close());
  server.on('request', app.getHttpAdapter().getInstance() as Parameters<typeof createServer>[1] & object);
  const port = await listen(server, { host, port: parts.port, flag: '--admin-port' });
  shutdown.register('admin', CLOSE_MS_MAX, () => closeServer(server));
  shutdown.register('live board', CLOSE_MS_MAX, () => app.get(LiveGateway).close());
  if (!isLoopback(host))
    log.warn(
      { event: 'admin_plain_http', port },
      'the admin pages are plain HTTP: let nobody but a TLS proxy reach them',
    );
  const origin = `http://${urlHost(host)}:${port}`;
  const adminUrl = `${origin}/admin`;
  return { port, origin, apiUrl: `${adminUrl}/api/v1`, oneTimeLink: () => `${adminUrl}/start?token=${link.issue()}` };
}

function routeParts(
  parts: ApiParts,
  { link, rows }: { readonly link: OneTimeLink; readonly rows: TenantRows },
): ApiRouteParts {
  const {
    upstream,
    lines,
    operatorToken,
    log,
    exports = null,
    contentSeal = null,
    hashEndUser = null,
    seal = null,
    gatewayUrl = null,
    publicUrl = parts.signIn?.publicUrl ?? null,
  } = parts;
  // Routes change something through `auditedDb` or not at all, and touch rows of the tenants of whoever asks.
  const db = guarded(rows.view());
  const tenancy = { ...parts.tenancy, db };
  // Everybody's, whoever asks first: read beside the views.
  const policy = new FreshPolicy(new PrismaPolicySource(parts.db, tenancy.clock));
  return {
    db,
    tenancy,
    rows,
    upstream,
    gatewayUrl,
    link,
    cookies: new AdminCookies(publicUrl),
    isOurHost: hostPolicy(parts.host, publicUrl),
    isOperator: operatorCheck(operatorToken),
    allowsOnePerson: parts.allowsOnePerson ?? false,
    signIn: parts.signIn ? new OidcSignIn(parts.signIn) : null,
    pools: new PoolReads(policy, lines, tenancy.clock),
    policy,
    principalOf: async (credentials) => {
      const snapshot = await policy.current();
      return authenticate(credentials, { snapshot, nowMs: tenancy.clock.nowMs(), hashKey: tenancy.hashKey });
    },
    exports: exports && { ...exports, place: { ...exports.place, db } },
    contentSeal,
    hashEndUser,
    seal,
    log,
    openApi: once(() => openApiDocument(ApiModule.controllers())),
  };
}

interface Listener {
  readonly server: Server;
  readonly dashboardDir: string | null;
}

async function routes(parts: ApiRouteParts, { server, dashboardDir }: Listener): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(ApiModule.with(parts), new ExpressAdapter(), {
    bodyParser: false,
    logger: false,
  });
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request: unknown, _response: unknown, next: () => void) => parts.rows.begin(next));
  app.use(frontDoor(parts.isOurHost));
  app.useGlobalPipes(new StorableInput(), new ValidInput());
  if (dashboardDir !== null) app.use(serveDashboard({ dir: dashboardDir, gatewayUrl: parts.gatewayUrl }));
  app.useWebSocketAdapter(new WsAdapter(server));
  app.useGlobalFilters(new ProblemFilter(parts.log));
  await app.init();
  return app;
}

/** The same promise each time. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
