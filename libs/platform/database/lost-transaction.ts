// Runs a database transaction again that lost against another one. Two that lock what they need as they learn of it can wait
// for each other; the server ends one of them, with nothing done, and the same work then finds the other one finished.
import { isSerialisationFailure } from './database-error.js';

// The winner goes on at once, so the next try waits for it in the ordinary way. More than this is not chance.
const ATTEMPTS_MAX = 4;

/** Runs `work`, which is one whole transaction and nothing beside it. Rejects with what it rejects with, when it is not that. */
export async function againWhenLost<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isSerialisationFailure(error)) throw error;
    }
  }
}
