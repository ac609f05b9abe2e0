// A broken promise of admission.

/** What was promised. */
export type Promised =
  | 'cap'
  | 'pause'
  | 'floor'
  | 'starved'
  | 'waits in vain'
  | 'order'
  | 'left out'
  | 'left in line'
  | 'leak'
  | 'miscounted'
  | 'line from nowhere'
  | 'line taken away'
  | 'line demoted'
  | 'kept'
  | 'unfair';

/** Thrown in the step that broke it. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(
    readonly promised: Promised,
    detail: string,
  ) {
    super(`${promised}: ${detail}`);
  }
}
