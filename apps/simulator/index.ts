// A stand-in for OpenAI's Realtime API (GA dialect) with its own books. Independent of Trunkline's libraries on
// purpose: it is the oracle that they are measured against. See README.md for what is faithful and what is invented.
import { loadClips } from './audio/clips.js';
import { Recogniser } from './audio/recognise.js';
import { Books } from './books.js';
import { systemClock, type Clock } from './clock.js';
import { ConfigHolder, type SimulatorConfig, type SimulatorConfigInput } from './config.js';
import { FaultScript } from './faults.js';
import { Ids } from './ids.js';
import { TokenLimiter } from './limiter.js';
import { ModerationBooks } from './moderation/moderation-books.js';
import { listen } from './server.js';
import type { SessionServices } from './session/context.js';
import { Upgrader } from './upgrade.js';

export { findClipsFolder, loadClips, type Clip, type ClipLibrary } from './audio/clips.js';
export type { Books } from './books.js';
export type * from './books-records.js';
export type { Clock } from './clock.js';
export type { SimulatorConfig, SimulatorConfigInput } from './config.js';
export type { Fault } from './faults.js';
export type { ModerationBooks, ModerationRecord } from './moderation/moderation-books.js';
export { apiKeyIdOf } from './organization/answers.js';

/** How to start. Everything has a default: loopback, any port, no TLS, key `sk-simulator`. */
export interface SimulatorOptions {
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** Null or absent: no TLS listener; 0 takes any free port. Needs `tls`. */
  readonly tlsPort?: number | null;
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Accepted keys; wins over `config.apiKeys`. */
  readonly apiKeys?: readonly string[];
  readonly config?: SimulatorConfigInput;
  readonly clock?: Clock;
  /** 16 bytes that make ids repeatable; random when absent. */
  readonly idSeed?: Uint8Array;
}

/** A running simulator. */
export interface Simulator {
  readonly httpUrl: string;
  readonly httpsUrl: string | null;
  readonly wsUrl: string;
  readonly wssUrl: string | null;
  /** Base of the inspection endpoint: append `/books`, `/books/summary`, `/config`, `/health`. */
  readonly inspectUrl: string;
  /** The books, for tests in the same process. */
  readonly books: Books;
  /** What was asked of `/v1/moderations`. */
  readonly moderations: ModerationBooks;
  readonly config: SimulatorConfig;
  /** Changes the configuration as `PUT /__simulator/config` does; throws when the result is not valid. */
  configure(patch: SimulatorConfigInput): SimulatorConfig;
  /** Closes every session with 1001, then the listeners. */
  close(): Promise<void>;
}

/** How long clients may take to answer the closing handshake of a shutdown. */
const SHUTDOWN_GRACE_MS = 500;

/** Starts a simulator. Rejects when the configuration, the clips, the certificate or a port are not usable. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, tlsPort = null, clock = systemClock } = options;
  if (tlsPort !== null && options.tls === undefined) {
    throw new Error('a TLS port needs a certificate: pass tls {certPem, keyPem} (--cert and --key-file)');
  }
  const apiKeys = options.apiKeys === undefined ? {} : { apiKeys: [...options.apiKeys] };
  const config = new ConfigHolder({ ...options.config, ...apiKeys });
  const now = (): number => clock.now();
  const clips = loadClips();
  const books = new Books(now, () => ({
    ...config.current.books,
    usageEntriesMax: config.current.organization.entriesMax,
    countedAt: config.current.organization.countedAt,
  }));
  const services: SessionServices = {
    clock,
    ids: new Ids(now, options.idSeed),
    clips,
    recogniser: new Recogniser(clips),
    limiter: new TokenLimiter(now, () => config.current),
    books,
    config: () => config.current,
  };
  const faults = new FaultScript(() => config.current.faults);
  const upgrader = new Upgrader(services, faults);
  const moderations = new ModerationBooks(now);
  const inspected = { books, config, moderations, faults };
  const plain = await listen({ host, port, tls: null }, upgrader, inspected);
  const secure =
    tlsPort === null || options.tls === undefined
      ? null
      : await listen({ host, port: tlsPort, tls: options.tls }, upgrader, inspected).catch(async (error: unknown) => {
          await plain.close();
          throw error;
        });
  const place = host.includes(':') ? `[${host}]` : host;
  return {
    httpUrl: `http://${place}:${plain.port}`,
    httpsUrl: secure === null ? null : `https://${place}:${secure.port}`,
    wsUrl: `ws://${place}:${plain.port}/v1/realtime`,
    wssUrl: secure === null ? null : `wss://${place}:${secure.port}/v1/realtime`,
    inspectUrl: `http://${place}:${plain.port}/__simulator`,
    books,
    moderations,
    get config() {
      return config.current;
    },
    configure: (patch) => config.patch(patch),
    close: async () => {
      await Promise.all([...upgrader.connections].map((each) => each.shutDown(SHUTDOWN_GRACE_MS)));
      await Promise.all([plain.close(), secure?.close()]);
    },
  };
}
