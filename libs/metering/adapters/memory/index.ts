export { MemoryJournalStore } from './memory-journal-store.js';
