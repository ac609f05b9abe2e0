// What a gate says in the GA Realtime dialect.
import type { GateWords } from '../../core/gated-event.js';

/** Where the vendor keeps a mark of ours with a response, from the question to its end. */
export const MARK_FIELD = 'trunkline';

/** How the ids of all events begin that are a gate's own: errors about them are nothing to the app. */
export const OWN_EVENT = 'event_policy_';
const event_id = `${OWN_EVENT}gate`;

/** The GA dialect's words. */
export const openAiGateWords: GateWords = {
  cancelResponse: (response_id) => JSON.stringify({ type: 'response.cancel', event_id, response_id }),
  deleteItem: (item_id) => JSON.stringify({ type: 'conversation.item.delete', event_id, item_id }),
  truncateItem: (item_id, heardMs) =>
    JSON.stringify({
      type: 'conversation.item.truncate',
      event_id,
      item_id,
      content_index: 0,
      audio_end_ms: Math.max(0, Math.floor(heardMs)),
    }),
  ownEventId: (name) => `${OWN_EVENT}${name}`,
  // An item of this name cannot be: ids of the vendor's begin otherwise, and an app's own would be its joke.
  nothing: (own) => JSON.stringify({ type: 'conversation.item.delete', event_id: own, item_id: `${OWN_EVENT}nothing` }),
  createResponse: (own) => JSON.stringify({ type: 'response.create', event_id: own }),
  audioCleared: (response_id) =>
    JSON.stringify({ type: 'output_audio_buffer.cleared', event_id: `${OWN_EVENT}${response_id}`, response_id }),
  speakAside: (line, mark) =>
    JSON.stringify({
      type: 'response.create',
      event_id,
      response: {
        conversation: 'none',
        metadata: { [MARK_FIELD]: mark },
        input: [],
        instructions: `Say exactly this, and nothing else: ${JSON.stringify(line)}`,
        tool_choice: 'none',
      },
    }),
};
