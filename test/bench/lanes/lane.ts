// What a benchmark lane is: one way for a client's bytes to reach the upstream. Guarantees that every lane is started
// on the proxy core, driven and measured alike; a new relay is one file and one line in `registry.ts`.
import type { Target } from '../client/dial.js';

/** The certificate that the bench's own TLS listeners show, and that clients trust. */
export interface Certificate {
  certPath: string;
  keyPath: string;
  pem: string;
}

/** What a lane needs to start. */
export interface LaneContext {
  upstream: { plain: number; tls: number };
  certificate: Certificate;
  /** The core to pin the proxy to; the proxy core when absent. */
  core?: number;
  /** An empty folder for configuration, logs and data; removed after the run. */
  workDir: string;
  /** The compiled product. */
  productDir: string;
}

/** A lane that takes sessions. */
export interface RunningLane {
  target: Target;
  /** The processes on the proxy core: their CPU and memory are the lane's. None for the direct lane. */
  proxyPids: readonly number[];
  /** Processes that belong to it but run on the other core, such as its database: reported apart. */
  asidePids: readonly number[];
  /** Where its Prometheus metrics are, if it has any. */
  metricsUrl: string | null;
  /** Asks the proxy to collect its garbage, where it is a program that makes any. */
  collectGarbage?(): void;
  stop(): Promise<void>;
}

/** One way to the upstream. */
export interface Lane {
  name: string;
  /** One line for the reader. */
  about: string;
  /** A shape to compare with, which nobody promised anything about: its lost frames do not fail a run. */
  isReference?: boolean;
  start(context: LaneContext): Promise<RunningLane>;
}

/** Flags that let a Node program be asked for a garbage collection; see `relays/gc-on-signal.ts`. */
export const GC_ON_SIGNAL = ['--expose-gc', '--import', new URL('../relays/gc-on-signal.js', import.meta.url).href];

/** What a voice client asks for; the plain relays and the upstream ignore the query. */
export const REALTIME_PATH = '/v1/realtime?model=gpt-realtime';

/** A target on this machine; with a certificate it is dialled by TLS. */
export function localTarget(port: number, certificate?: Certificate): Target {
  const target = { host: '127.0.0.1', port, path: REALTIME_PATH, headers: { Authorization: 'Bearer sk-bench' } };
  return certificate ? { ...target, ca: certificate.pem } : target;
}
