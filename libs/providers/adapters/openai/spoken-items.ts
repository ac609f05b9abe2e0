// Audio that an app puts into a conversation or a question as part of an item, not through the audio buffer. The vendor
// transcribes what was committed from the buffer only, so nothing will ever say what this audio says.
import { asList, asObject, parseObject, textOrNull } from './json.js';

/** Types of events that can carry such items. */
export const SPOKEN_ITEM_EVENTS: ReadonlySet<string> = new Set(['conversation.item.create', 'response.create']);

/** An event with such an item. */
export interface SpokenItem {
  /** That the app gave its event; null where it gave none. */
  readonly eventId: string | null;
  /** That the app gave the item; null where it gave none. */
  readonly itemId: string | null;
}

/** The first of an event; null when there is none in it. */
export function spokenItem(payload: Buffer): SpokenItem | null {
  const event = parseObject(payload);
  if (event === null) return null;
  const asked = asList(asObject(event['response'])?.['input']);
  const item = [event['item'], ...asked].map(asObject).find((each) => each !== null && hasAudio(each));
  return item ? { eventId: textOrNull(event['event_id']), itemId: textOrNull(item['id']) } : null;
}

// An `input_audio` without audio, and what the model said before with its transcript alone, are words that are judged.
function hasAudio(item: Readonly<Record<string, unknown>>): boolean {
  const parts = [...asList(item['content']), ...asList(item['output'])];
  return parts.some((part) => (textOrNull(asObject(part)?.['audio']) ?? '') !== '');
}
