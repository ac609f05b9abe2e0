// Reads the GA Realtime dialect: which of the upstream's events carry usage, describe the session or announce its end.
// Everything else passes unparsed. Response and item counts are kept so that settlement knows whether a report is still
// owed after the client has gone.
import type { UsageReport } from '@trunkline/metering';
import type { Interest, Observation, SessionFact, SessionObserver } from '../../core/observe.js';
import { withoutAccount } from './account-error.js';
import { pauseOfFailedResponse, pauseOfRateLimits } from './headroom.js';
import { readResponseUsage, readTranscriptionUsage } from './usage.js';

// A client cannot make the upstream keep more transcriptions or responses open than this in any real call; beyond it the
// oldest is forgotten, which costs settlement a shorter wait and metering nothing.
const OPEN_TRANSCRIPTIONS_MAX = 256;
const SEEN_RESPONSES_MAX = 64;
// No price has this name, so usage of a session that never said its model is listed as unrated, not lost.
const MODEL_UNKNOWN = 'unknown';

const INTEREST: Readonly<Record<string, Interest>> = {
  'session.created': 'hold',
  'session.updated': 'hold',
  // Once a turn and small: its id is what the turn is reserved, settled and cancelled by.
  'response.created': 'hold',
  // Nothing to read in these: that they went by tells that the session is in use.
  'input_audio_buffer.speech_started': 'note',
  'input_audio_buffer.speech_stopped': 'note',
  'conversation.item.added': 'note',
  'response.done': 'hold',
  'input_audio_buffer.committed': 'hold',
  'conversation.item.input_audio_transcription.completed': 'hold',
  'conversation.item.input_audio_transcription.failed': 'hold',
  // Its numbers are the shared pool's headroom, which no tenant may see (promise P9).
  'rate_limits.updated': 'hold',
  error: 'hold',
  unknown: 'hold',
};

type Json = Readonly<Record<string, unknown>>;
const NOTHING: Observation = { facts: [], forward: true };

/** The observer of one GA Realtime session (conversation or transcription). */
export class OpenAiRealtimeObserver implements SessionObserver {
  readonly stopSpending = '{"type":"response.cancel"}';

  detectsTurns = false;

  private model: string | null = null;
  private transcriptionModel: string | null = null;
  private responsesActive = 0;
  private readonly responsesSeen = new Set<string>();
  /** Item id -> the model that transcribes it: the one configured when the audio was committed. */
  private readonly transcribing = new Map<string, string>();

  interest(type: string): Interest {
    return INTEREST[type] ?? 'pass';
  }

  cancelTurn(turnId: string): string {
    return JSON.stringify({ type: 'response.cancel', response_id: turnId });
  }

  reportsOwed(): number {
    return this.responsesActive + this.transcribing.size;
  }

  read(payload: Buffer): Observation {
    const event = parseObject(payload);
    if (event === null) return NOTHING;
    switch (event['type']) {
      case 'session.created':
      case 'session.updated':
        return this.readSession(asObject(event['session']));
      case 'response.created':
        return this.readCreated(asObject(event['response']));
      case 'response.done':
        return this.readDone(event);
      case 'input_audio_buffer.committed':
        this.expectTranscription(event['item_id']);
        return NOTHING;
      case 'conversation.item.input_audio_transcription.completed':
        return this.readTranscription(event);
      case 'conversation.item.input_audio_transcription.failed':
        this.transcribing.delete(String(event['item_id']));
        return NOTHING;
      case 'rate_limits.updated':
        return { facts: throttled(pauseOfRateLimits(event), 'headroom'), forward: false };
      case 'error':
        return { ...readError(asObject(event['error'])), ...cleanedError(event) };
      default:
        return NOTHING;
    }
  }

  private readSession(session: Json): Observation {
    if (typeof session['model'] === 'string') this.model = session['model'];
    const input = asObject(asObject(session['audio'])['input']);
    this.detectsTurns = typeof input['turn_detection'] === 'object' && input['turn_detection'] !== null;
    const transcription = asObject(input['transcription']);
    this.transcriptionModel = typeof transcription['model'] === 'string' ? transcription['model'] : null;
    return forward({ kind: 'session_described', model: this.model });
  }

  private readCreated(response: Json): Observation {
    this.responsesActive += 1;
    return typeof response['id'] === 'string' ? forward({ kind: 'turn_began', turnId: response['id'] }) : NOTHING;
  }

  private readDone(event: Json): Observation {
    const response = asObject(event['response']);
    const read = this.readResponse(response);
    const facts = [...read.facts, ...throttled(pauseOfFailedResponse(response), 'response')];
    return { ...read, facts, ...cleanedResponse(event) };
  }

  private readResponse(response: Json): Observation {
    const id = response['id'];
    if (typeof id !== 'string') return this.unidentified('response', response['usage']);
    if (!this.responsesSeen.has(id)) {
      this.responsesActive = Math.max(0, this.responsesActive - 1);
      remember(this.responsesSeen, id, SEEN_RESPONSES_MAX);
    }
    const { evidence, ...read } = readResponseUsage(response['usage']);
    return forward({
      kind: 'usage_reported',
      evidence,
      report: {
        kind: 'response',
        vendorObjectId: id,
        model: this.model ?? MODEL_UNKNOWN,
        status: typeof response['status'] === 'string' ? response['status'] : 'unknown',
        vendorUsage: response['usage'] ?? null,
        ...read,
      },
    });
  }

  private readTranscription(event: Json): Observation {
    const id = event['item_id'];
    if (typeof id !== 'string') return this.unidentified('transcription', event['usage']);
    const model = this.transcribing.get(id) ?? this.transcriptionModel ?? MODEL_UNKNOWN;
    this.transcribing.delete(id);
    // One item may hold several audio parts, each transcribed and billed on its own.
    const part = event['content_index'];
    const { evidence, ...read } = readTranscriptionUsage(event['usage']);
    return forward({
      kind: 'usage_reported',
      evidence,
      report: {
        kind: 'transcription',
        vendorObjectId: typeof part === 'number' && part > 0 ? `${id}:${part}` : id,
        model,
        status: 'completed',
        vendorUsage: event['usage'] ?? null,
        ...read,
      },
    });
  }

  private expectTranscription(itemId: unknown): void {
    if (typeof itemId !== 'string' || this.transcriptionModel === null) return;
    if (this.transcribing.size >= OPEN_TRANSCRIPTIONS_MAX) {
      const oldest = this.transcribing.keys().next();
      if (!oldest.done) this.transcribing.delete(oldest.value);
    }
    this.transcribing.set(itemId, this.transcriptionModel);
  }

  // Usage without an id cannot be told from its own repetition, so it is parked for a person to look at.
  private unidentified(kind: UsageReport['kind'], vendorUsage: unknown): Observation {
    return forward({
      kind: 'usage_reported',
      evidence: 'reported',
      report: {
        kind,
        vendorObjectId: 'unidentified',
        model: this.model ?? MODEL_UNKNOWN,
        status: 'unknown',
        quantities: [],
        vendorUsage: vendorUsage ?? null,
        problem: 'unknown_shape',
      },
    });
  }
}

function readError(error: Json): Observation {
  return error['code'] === 'session_expired' ? forward({ kind: 'session_expired' }) : NOTHING;
}

type Cleaned = Pick<Observation, 'instead'>;

function cleanedError(event: Json): Cleaned {
  const error = withoutAccount(asObject(event['error']));
  return error === null ? {} : { instead: Buffer.from(JSON.stringify({ ...event, error })) };
}

function cleanedResponse(event: Json): Cleaned {
  const response = asObject(event['response']);
  const details = asObject(response['status_details']);
  const error = withoutAccount(asObject(details['error']));
  if (error === null) return {};
  const cleaned = { ...event, response: { ...response, status_details: { ...details, error } } };
  return { instead: Buffer.from(JSON.stringify(cleaned)) };
}

function throttled(forMs: number, source: 'headroom' | 'response'): SessionFact[] {
  return forMs > 0 ? [{ kind: 'throttled', forMs, source }] : [];
}

function forward(fact: SessionFact): Observation {
  return { facts: [fact], forward: true };
}

function remember(seen: Set<string>, id: string, max: number): void {
  if (seen.size >= max) {
    const oldest = seen.values().next();
    if (!oldest.done) seen.delete(oldest.value);
  }
  seen.add(id);
}

// The upstream is trusted to send JSON but not to keep doing so: what cannot be read is forwarded as it came.
function parseObject(payload: Buffer): Json | null {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return typeof value === 'object' && value !== null ? (value as Json) : null;
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
