export { PrismaJournalStore } from './prisma-journal-store.js';
export { PrismaJournalReader } from './prisma-journal-reader.js';
