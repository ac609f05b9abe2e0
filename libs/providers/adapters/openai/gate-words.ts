// What a gate says in the GA Realtime dialect.
import type { GateWords } from '../../core/gated-event.js';

/** The GA dialect's words. */
export const openAiGateWords: GateWords = {
  cancelResponse: (response_id) => JSON.stringify({ type: 'response.cancel', response_id }),
  deleteItem: (item_id) => JSON.stringify({ type: 'conversation.item.delete', item_id }),
  truncateItem: (item_id, heardMs) =>
    JSON.stringify({
      type: 'conversation.item.truncate',
      item_id,
      content_index: 0,
      audio_end_ms: Math.max(0, Math.floor(heardMs)),
    }),
  createResponse: () => '{"type":"response.create"}',
  speakAside: (line) =>
    JSON.stringify({
      type: 'response.create',
      response: {
        conversation: 'none',
        input: [],
        instructions: `Say exactly this, and nothing else: ${JSON.stringify(line)}`,
        tool_choice: 'none',
      },
    }),
};
