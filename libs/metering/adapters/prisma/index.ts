export { PrismaJournalStore } from './prisma-journal-store.js';
export { PrismaJournalReader } from './prisma-journal-reader.js';
export { recordedSessionsOfAllTenants, type RecordedSession, type RecordedSessions } from './recorded-sessions.js';
