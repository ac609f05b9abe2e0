// Reads the outcome of an administrative request in a spec.
import type { Result } from '@trunkline/kernel';
import type { AdministrationRefusal } from '../index.js';

/** The value of a request that must have been carried out. */
export function done<T>(outcome: Result<T, AdministrationRefusal>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.error.code}: ${outcome.error.message}`);
}

/** Why a request was refused that must have been. */
export function refused(outcome: Result<unknown, AdministrationRefusal>): AdministrationRefusal {
  if (!outcome.ok) return outcome.error;
  throw new Error('was not refused');
}
