// Starts a simulator for a spec and connects clients to it; everything is closed by one call.
import { startSimulator, type Simulator, type SimulatorConfigInput } from '../../../../apps/simulator/index.js';
import { connect, type WireClient } from './client.js';

/** Fast defaults: a spec sets only what it is about. */
const FAST: SimulatorConfigInput = {
  latency: { firstEventMs: 0, firstDeltaMs: 1, textDeltaMs: 0, rateLimitsMs: 1 },
  reply: { audioSpeed: 1000 },
  transcription: { delayMs: 1, lateEvery: 0 },
};

/** A simulator with its clients. */
export interface Harness {
  readonly simulator: Simulator;
  /** Connects and waits for session.created. */
  open(query?: string): Promise<WireClient>;
  /** Connects without waiting for an event. */
  dial(query?: string): Promise<WireClient>;
  stop(): Promise<void>;
}

/** Starts a simulator with the fast defaults overlaid by `config`. */
export async function harness(config: SimulatorConfigInput = {}): Promise<Harness> {
  const simulator = await startSimulator({
    config: {
      ...config,
      latency: { ...FAST.latency, ...config.latency },
      reply: { ...FAST.reply, ...config.reply },
      transcription: { ...FAST.transcription, ...config.transcription },
    },
  });
  const dial = (query = '?model=gpt-realtime'): Promise<WireClient> => connect(simulator.wsUrl + query);
  return {
    simulator,
    dial,
    open: async (query) => {
      const client = await dial(query);
      await client.event('session.created');
      return client;
    },
    stop: () => simulator.close(),
  };
}

/** A user's text as `conversation.item.create`. */
export function userText(text: string, id?: string): object {
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
  return { type: 'conversation.item.create', item: id === undefined ? item : { id, ...item } };
}

/** A `session.update` of a conversation session. */
export function update(session: object): object {
  return { type: 'session.update', session: { type: 'realtime', ...session } };
}

/** Manual turns and text answers: the calmest session. */
export const CALM = update({ output_modalities: ['text'], audio: { input: { turn_detection: null } } });

/** No voice activity detection, spoken answers. */
export const MANUAL = update({ audio: { input: { turn_detection: null } } });
