// What there is to know about calls of a record before their replay is believed, in sentences.
import type { PolicySnapshot } from '@trunkline/tenancy';
import type { WhatIfChanges } from './changes.js';
import type { CallsOfRecord, RefusedTaken } from './recorded-calls.js';

/** How the record was taken, and the configurations that it is replayed under. */
export interface NoteTerms {
  readonly taken: RefusedTaken;
  readonly policies: readonly PolicySnapshot[];
}

/** Where the calls are from, what is assumed of them and what is left out. */
export function notesOfRecord(record: CallsOfRecord, { taken, policies }: NoteTerms): readonly string[] {
  const { calls, refused, leftOut, openBefore, reclaimed, ofRetiredKeys, ofSuspended } = record;
  const [first, last] = [calls[0], calls.at(-1)];
  const from = first && last ? ` from ${minute(first.atMs)} to ${minute(last.atMs)}` : '';
  const had = `${calls.length - refused} had a session, ${refused} were refused or gave up`;
  const notes = [`${calls.length} calls recorded${from}: ${had}.`];
  if (openBefore.lines.length > 0)
    notes.push(
      `${openBefore.lines.length} sessions were open already: they hold their lines to their end, whatever the caps, and are no calls here.`,
    );
  if (ofRetiredKeys > 0)
    notes.push(
      `${ofRetiredKeys} of the calls had keys that are revoked, suspended or expired by now. They are replayed as their tenants' calls, for another key may have taken over, without limits of those keys.`,
    );
  if (ofSuspended > 0)
    notes.push(
      `Left out: ${ofSuspended} calls of tenants that are suspended or gone by now, which would not call today.`,
    );
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
  notes.push(...notesOfIdleLines(policies));
  if (reclaimed > 0)
    notes.push(
      `${reclaimed} of the sessions ended because they said nothing while others waited for their lines. Here each ends when it did, also where nobody would have waited.`,
    );
  return notes;
}

/** What is not in an answer where idle lines are taken back: when a session says something is recorded nowhere. */
export function notesOfIdleLines(policies: readonly PolicySnapshot[]): readonly string[] {
  const tenants = new Set(
    policies
      .flatMap((policy) =>
        [...policy.tenants.values()].filter(
          ({ status, limits }) => status === 'active' && limits.idleReclaimMs !== null,
        ),
      )
      .map(({ slug }) => slug),
  );
  if (tenants.size === 0) return [];
  return [
    `Not in it: ${tenants.size === 1 ? 'one tenant has' : `${tenants.size} tenants have`} idle sessions ended while others wait (\`tenant limits --idle-reclaim\`). When a session says something is not recorded, so here each keeps its line to its end, and more calls wait or are refused than would be.`,
  ];
}

// An answer is read by people; a longer question is kept in its file.
const CHANGES_TOLD_MAX = 1_000;

/** What was asked, in the words of the file: an answer is kept, and shown to others, without its question. */
export function noteOfChanges(changes: WhatIfChanges): string {
  const told = JSON.stringify(changes, (name, value: unknown) => (saysNothing(name, value) ? undefined : value));
  if (told === undefined || /^[{}]*$/.test(told))
    return 'Nothing is different in what was asked: now and then are both the present configuration.';
  const text = told.length > CHANGES_TOLD_MAX ? `${told.slice(0, CHANGES_TOLD_MAX)}...` : told;
  return `Now is the present configuration, then is the same with ${text}`;
}

function saysNothing(name: string, value: unknown): boolean {
  if (name === 'isNew') return value === false;
  const isUnused = ['pools', 'tenants', 'keys', 'shares'].includes(name);
  return isUnused && typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function minute(atMs: number): string {
  return new Date(atMs).toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
}
