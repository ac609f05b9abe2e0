// Judges what stands in one event, and changes the event where something is to be redacted. Answers in the same turn of
// the event loop when the hooks do.
import { severer, type Action, type Decision, type HookWord, type Pipeline } from '@trunkline/moderation';
import type { GatedEvent, GatedPlace } from '@trunkline/providers';

/** What becomes of an event. */
export interface JudgedEvent {
  readonly event: GatedEvent;
  /** The severest of all that stands in it. `redact`: the event was changed. */
  readonly action: Action;
  /** What hooks said, each of one place. */
  readonly heard: readonly HeardWord[];
}

/** A hook's word about a place of an event. */
export interface HeardWord {
  readonly word: HookWord;
  readonly place: GatedPlace;
}

/** Judges all places of an event, in order; those after one that stops it are not judged. Never rejects. */
export function judgeEvent(pipeline: Pipeline, event: GatedEvent): JudgedEvent | Promise<JudgedEvent> {
  return judgeFrom(pipeline, 0, { event, action: 'pass', heard: [] });
}

/** What was said cannot be changed any more: what hooks would have redacted is blocked, and told as that. */
export function asSaid(judged: JudgedEvent): JudgedEvent {
  const stopping = (action: Action): Action => (action === 'redact' ? 'block' : action);
  const heard = judged.heard.map(({ word, place }) => ({ word: { ...word, action: stopping(word.action) }, place }));
  return { ...judged, action: stopping(judged.action), heard };
}

function judgeFrom(pipeline: Pipeline, index: number, so: JudgedEvent): JudgedEvent | Promise<JudgedEvent> {
  let judged = so;
  for (let i = index; i < so.event.places.length; i++) {
    const place = so.event.places[i];
    if (place === undefined || isStopped(judged)) break;
    const decision = pipeline.judge(place.piece);
    if (decision instanceof Promise)
      return decision.then((given) => judgeFrom(pipeline, i + 1, carryOut(judged, place, given)));
    judged = carryOut(judged, place, decision);
  }
  return judged;
}

function carryOut(judged: JudgedEvent, place: GatedPlace, { action, redacted, words }: Decision): JudgedEvent {
  if (redacted !== null) place.replace(redacted);
  const heard = words.map((word) => ({ word, place }));
  return { event: judged.event, action: severer(judged.action, action), heard: [...judged.heard, ...heard] };
}

function isStopped({ action }: JudgedEvent): boolean {
  return action === 'block' || action === 'end';
}
