// How a session begins with settings that somebody else than its client chose. They are sent before the client gets the
// session, and what the vendor answers is shown to the client as the beginning, as OpenAI's own client secrets show it:
// `session.created` tells what is in force, and nobody sees an answer to a question that they did not ask.
import { err, ok, type Result } from '@trunkline/kernel';
import { asObject, parseObject, textOrNull, type Json } from './json.js';
import type { DialRefusal } from './dial.js';

/** The id of our update; an error that names it is about the settings. */
const UPDATE_ID = 'event_trunkline_begin';

/** What to send. The model is left out: the session was dialled with it, and a deployment may have another name. */
export function beginningUpdate(settings: Readonly<Record<string, unknown>>): string {
  const { model: _model, ...session } = settings;
  return JSON.stringify({ type: 'session.update', event_id: UPDATE_ID, session });
}

/** The settings of such an update as it is now; null: it is none. */
export function settingsOfBeginning(update: Buffer): Json | null {
  return asObject(parseObject(update)?.['session']);
}

/** Whether a message answers it. Nothing else is asked yet, so an error can be about nothing else. */
export function answersBeginning(payload: Buffer): boolean {
  const type = parseObject(payload)?.['type'];
  return type === 'session.updated' || type === 'error';
}

/** What the client gets for `session.created`; or why there is no session. */
export function begunSession(created: Buffer, answer: Buffer): Result<Buffer, DialRefusal> {
  const [event, updated] = [parseObject(created), parseObject(answer)];
  const session = updated?.['type'] === 'session.updated' ? asObject(updated['session']) : null;
  if (event !== null && session !== null) return ok(Buffer.from(JSON.stringify({ ...event, session })));
  return err(settingsRefused(asObject(updated?.['error'])));
}

function settingsRefused(error: Json | null): DialRefusal {
  // Only a path of ours may be repeated: the vendor's own words are not ours to show.
  const param = textOrNull(error?.['param']);
  const shown = param !== null && /^session[a-z0-9_.[\]]{0,80}$/.test(param) ? param : null;
  return {
    code: 'invalid_request',
    message: `The model provider refused the session that this client secret was minted with${shown === null ? '' : `, at ${shown}`}. Mint another with settings that it takes.`,
    ...(shown === null ? {} : { param: shown }),
    tryNextPool: false,
  };
}
