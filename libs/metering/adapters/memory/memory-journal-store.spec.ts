import { describeJournalStore } from '../../core/journal-store.conformance.js';
import { MemoryJournalStore } from './memory-journal-store.js';

describeJournalStore('the journal store in memory', () => {
  const store = new MemoryJournalStore();
  return Promise.resolve({ store, reader: store });
});
