export { PrismaJournalStore } from './prisma-journal-store.js';
export { PrismaJournalReader } from './prisma-journal-reader.js';
export { recordedSessionsOfAllTenants } from './recorded-sessions.js';
export { refusedCallsOfAllTenants, sweepRefusedCalls, REFUSED_DAYS_KEPT } from './refused-calls.js';
export { beatOf, busyReplicas, forgetReplicas, type BusyReplica, type GatewayReplica } from './gateway-replicas.js';
export { closeLost, type ClosedBooks, type LostReplica } from './close-lost.js';
