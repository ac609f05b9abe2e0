export { findPostgresBinaries, PostgresBinariesMissing, type PostgresBinaries } from './binaries.js';
export { CLUSTER_USER, ClusterRefused, prepareCluster, type ClusterOptions } from './cluster.js';
export { findFreePort, isPortTaken } from './free-port.js';
export { findRunningPostmaster, type Postmaster } from './postmaster-pid.js';
export { assertReachable, chooseRunAs, handOver, RunAsRefused, type RunAs } from './run-as.js';
export { ServerStartFailed, startServer, type PostgresServer, type ServerExit, type ServerOptions } from './server.js';
export { stopPostmasterOn } from './stop-postmaster.js';
export {
  findEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type PostgresEvent,
} from './supervisor.js';
