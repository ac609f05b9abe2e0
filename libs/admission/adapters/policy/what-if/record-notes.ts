// What there is to know about calls of a record before their replay is believed, in sentences.
import type { CallsOfRecord, RefusedTaken } from './recorded-calls.js';

/** Where the calls are from, what is assumed of them and what is left out. */
export function notesOfRecord({ calls, refused, leftOut }: CallsOfRecord, taken: RefusedTaken): readonly string[] {
  const [first, last] = [calls[0], calls.at(-1)];
  const from = first && last ? ` from ${minute(first.atMs)} to ${minute(last.atMs)}` : '';
  const had = `${calls.length - refused} had a session, ${refused} were refused or gave up`;
  const notes = [`${calls.length} calls recorded${from}: ${had}.`];
  if (taken === 'none') notes.push('Refused calls are left out: a bigger cap would have had more calls than these.');
  if (refused > 0) {
    notes.push('Assumed: a refused call would have lasted as long as the median session of its tenant and model.');
    notes.push(
      taken === 'each'
        ? 'Assumed: each refused call is another one. Whoever tried again counts each time.'
        : 'Assumed: refused calls of a key and model within the time that was said are one that tried again.',
    );
  }
  const others = Object.entries(leftOut).map(([reason, count]) => `${reason} ${count}`);
  if (others.length > 0) notes.push(`Left out, since no line would have helped: ${others.join(', ')}.`);
  return notes;
}

function minute(atMs: number): string {
  return new Date(atMs).toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
}
