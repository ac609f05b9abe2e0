// Reads the GA Realtime dialect: which of the upstream's events carry usage, describe the session or announce its end.
// Everything else passes unparsed. Response and item counts are kept so that settlement knows whether a report is still
// owed after the client has gone.
import type { OwedReport, UsageReport } from '@trunkline/metering';
import type {
  ClientEvent,
  Interest,
  Observation,
  OwnTokens,
  SessionFact,
  SessionObserver,
} from '../../core/observe.js';
import { withoutAccount } from './account-error.js';
import { openAiGateWords } from './gate-words.js';
import type { ClientTraffic, HeardAudio } from './heard-audio.js';
import { modelOfFailedResponse, pauseOfFailedResponse, pauseOfRateLimits } from './headroom.js';
import { plainEvent } from './json.js';
import { SeenConversation } from './seen-conversation.js';
import { AUDIO_DELTA, TEXT_DELTAS } from './seen-output.js';
import { seenTranscription } from './seen-transcription.js';
import { readResponseUsage, readTranscriptionUsage } from './usage.js';

// A client cannot make the upstream keep more transcriptions or responses open than this in any real call; beyond it the
// oldest is not waited for any more: what was seen of it is its estimate, until its report comes after all.
const OPEN_TRANSCRIPTIONS_MAX = 256;
const OPEN_RESPONSES_MAX = 64;
// What is larger is an image; what is smaller takes less than a millisecond to read.
const ITEM_BYTES_MAX = 262_144;
// No price has this name, so usage of a session that never said its model is listed as unrated, not lost.
const MODEL_UNKNOWN = 'unknown';

const INTEREST: Readonly<Record<string, Interest>> = {
  'session.created': 'hold',
  'session.updated': 'hold',
  // Once a turn and small: its id is what the turn is reserved, settled and cancelled by.
  'response.created': 'hold',
  // Nothing to read in these: that they went by is what matters.
  'input_audio_buffer.cleared': 'note',
  'conversation.item.deleted': 'note',
  // Only their sizes are looked at: what was generated, should it never be reported.
  'response.output_audio.delta': 'note',
  'response.output_audio_transcript.delta': 'note',
  'response.output_text.delta': 'note',
  'response.function_call_arguments.delta': 'note',
  // How long the caller spoke, and what else the next response will read: small, and twice a turn.
  'input_audio_buffer.speech_started': 'hold',
  'input_audio_buffer.speech_stopped': 'hold',
  'input_audio_buffer.timeout_triggered': 'hold',
  'conversation.item.added': 'hold',
  'conversation.item.truncated': 'hold',
  'response.done': 'hold',
  'input_audio_buffer.committed': 'hold',
  'conversation.item.input_audio_transcription.completed': 'hold',
  'conversation.item.input_audio_transcription.failed': 'hold',
  // Its numbers are the shared pool's headroom, which no tenant may see (promise P9): the tenant's own go in their place.
  'rate_limits.updated': 'hold',
  error: 'hold',
  unknown: 'hold',
};

// The vendor refuses it by this id, after all that it was sent before (protocol facts 3.4).
const FENCE = 'trunkline_fence';

type Json = Readonly<Record<string, unknown>>;
// What a client asks for a turn with.
const QUESTION = 'response.create';
const NOTHING: Observation = { facts: [], forward: true };
const NO_TRAFFIC: ClientTraffic = { bytes: 0, messages: 0 };
const ITEM_ADDED = 'conversation.item.added';

/** The observer of one GA Realtime session (conversation or transcription). */
export class OpenAiRealtimeObserver implements SessionObserver {
  readonly stopSpending = '{"type":"response.cancel"}';
  readonly fence = openAiGateWords.nothing(FENCE);

  isFenced = false;
  detectsTurns = false;

  private model: string | null = null;
  private transcriptionModel: string | null = null;
  private transcriptionPrompt: unknown = null;
  private readonly conversation: SeenConversation;
  private readonly responding = new Set<string>();
  /** By item id, with the model that was configured when the audio was committed. */
  private readonly transcribing = new Map<string, OwedReport>();

  /**
   * @param traffic what has come from the client so far; read once a turn.
   * @param ownTokens the tenant's own limit of tokens and what is used of it; null: it has none.
   * @param isTranscribedForPolicy whether the app did not ask for the transcription of what is committed now.
   */
  constructor(
    traffic: () => ClientTraffic = () => NO_TRAFFIC,
    private readonly ownTokens: () => OwnTokens | null = () => null,
    private readonly isTranscribedForPolicy: () => boolean = () => false,
  ) {
    this.conversation = new SeenConversation(traffic);
  }

  interest(type: string, bytes = 0): Interest {
    if (bytes > ITEM_BYTES_MAX && type === ITEM_ADDED) return 'note';
    return INTEREST[type] ?? 'pass';
  }

  noted(type: string, bytes: number): void {
    if (type === AUDIO_DELTA) this.conversation.audioDelta(bytes);
    else if (TEXT_DELTAS.has(type)) this.conversation.textDelta();
    else if (type === ITEM_ADDED) this.conversation.itemUnread();
    else if (type === 'conversation.item.deleted') this.conversation.edited();
    else if (type === 'input_audio_buffer.cleared') this.conversation.callerAudio.cleared();
  }

  clientInterest(type: string): Interest {
    return type === QUESTION || type === 'unknown' ? 'hold' : 'pass';
  }

  readQuestion(payload: Buffer): ClientEvent {
    const plain = plainEvent(payload);
    const event = parseObject(plain);
    return { plain, question: event?.['type'] === QUESTION ? { eventId: textOf(event['event_id']) } : null };
  }

  cancelTurn(turnId: string): string {
    return JSON.stringify({ type: 'response.cancel', response_id: turnId });
  }

  reportsOwed(): number {
    return this.responding.size + this.transcribing.size;
  }

  owed(): readonly OwedReport[] {
    return [...[...this.responding].flatMap((id) => this.owedResponse(id)), ...this.transcribing.values()];
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
      case 'input_audio_buffer.speech_started':
      case 'input_audio_buffer.speech_stopped':
      case 'input_audio_buffer.timeout_triggered':
        this.conversation.callerAudio.turnMark(event['audio_start_ms'], event['audio_end_ms']);
        return NOTHING;
      case 'input_audio_buffer.committed':
        return this.expectTranscription(event['item_id'], this.conversation.committed(event['item_id']));
      case ITEM_ADDED:
        this.conversation.itemAdded(asObject(event['item']));
        return NOTHING;
      case 'conversation.item.truncated':
        this.conversation.truncated(event['audio_end_ms']);
        return NOTHING;
      case 'conversation.item.input_audio_transcription.completed':
        return this.readTranscription(event);
      case 'conversation.item.input_audio_transcription.failed':
        return this.giveUpTranscription(String(event['item_id']));
      case 'rate_limits.updated':
        return { facts: throttled(pauseOfRateLimits(event), 'headroom', this.model), ...this.ownRateLimits(event) };
      case 'error':
        return this.readError(event);
      default:
        // Its type could not be sniffed, so it was held instead of noted.
        this.noted(String(event['type']), payload.length);
        return NOTHING;
    }
  }

  private readError(event: Json): Observation {
    const error = asObject(event['error']);
    if (error['event_id'] !== FENCE) return { ...readError(error), ...cleanedError(event) };
    this.isFenced = true;
    return { facts: [], forward: false };
  }

  // In place of the account's numbers those of the tenant, where it has a limit of its own.
  private ownRateLimits(event: Json): Pick<Observation, 'forward' | 'instead'> {
    const own = this.ownTokens();
    if (own === null) return { forward: false };
    const remaining = Math.max(0, own.max - own.used);
    const rate_limits = [{ name: 'tokens', limit: own.max, remaining, reset_seconds: own.resetMs / 1_000 }];
    const { type, event_id } = event;
    return { forward: true, instead: Buffer.from(JSON.stringify({ type, event_id, rate_limits })) };
  }

  private readSession(session: Json): Observation {
    if (typeof session['model'] === 'string') this.model = session['model'];
    const input = asObject(asObject(session['audio'])['input']);
    this.detectsTurns = typeof input['turn_detection'] === 'object' && input['turn_detection'] !== null;
    this.conversation.described(session);
    const transcription = asObject(input['transcription']);
    this.transcriptionPrompt = transcription['prompt'];
    this.transcriptionModel = typeof transcription['model'] === 'string' ? transcription['model'] : null;
    return forward({ kind: 'session_described', model: this.model });
  }

  private readCreated(response: Json): Observation {
    const id = response['id'];
    if (typeof id !== 'string' || this.responding.has(id)) return NOTHING;
    const forgotten = this.responding.size < OPEN_RESPONSES_MAX ? [] : this.forgetResponse();
    this.responding.add(id);
    this.conversation.responseCreated(id, response);
    const owed = this.owedResponse(id).map((each) => ({ kind: 'report_owed', owed: each }) as const);
    return { facts: [...forgotten, { kind: 'turn_began', turnId: id }, ...owed], forward: true };
  }

  private owedResponse(id: string): OwedReport[] {
    const seen = this.conversation.seenOf(id);
    const model = this.model ?? MODEL_UNKNOWN;
    return seen === null ? [] : [{ kind: 'response', vendorObjectId: id, model, seen }];
  }

  private forgetResponse(): SessionFact[] {
    const [oldest] = this.responding;
    if (oldest === undefined) return [];
    const missing = this.owedResponse(oldest).map((owed) => ({ kind: 'report_missing', owed }) as const);
    this.responding.delete(oldest);
    this.conversation.responseUnreported(oldest);
    return missing;
  }

  private readDone(event: Json): Observation {
    const response = asObject(event['response']);
    const read = this.readResponse(response);
    const facts = [
      ...read.facts,
      ...throttled(pauseOfFailedResponse(response), 'response', modelOfFailedResponse(response)),
    ];
    return { ...read, facts, ...cleanedResponse(event) };
  }

  private readResponse(response: Json): Observation {
    const id = response['id'];
    if (typeof id !== 'string') return this.unidentified('response', response['usage']);
    const { evidence, ...read } = readResponseUsage(response['usage']);
    const status = typeof response['status'] === 'string' ? response['status'] : 'unknown';
    const model = this.model ?? MODEL_UNKNOWN;
    const vendorUsage = response['usage'] ?? null;
    const tier = serviceTierOf(response);
    const report: UsageReport = { kind: 'response', vendorObjectId: id, model, status, ...tier, vendorUsage, ...read };
    const reported: SessionFact = { kind: 'usage_reported', evidence, report };
    return { facts: [reported, ...this.responseEnded(report)], forward: true };
  }

  // An empty report is no report: what was seen stands in for it. A response that failed is not billed, and a report that
  // cannot be read has the vendor's own numbers in it, for a person to look at.
  private responseEnded({ vendorObjectId: id, problem, quantities, status }: UsageReport): SessionFact[] {
    const isBilledUnseen = problem === 'usage_missing' && status !== 'failed';
    const missing = isBilledUnseen ? this.owedResponse(id) : [];
    this.responding.delete(id);
    if (problem === null) this.conversation.responseReported(id, quantities);
    else this.conversation.responseUnreported(id);
    return missing.map((owed) => ({ kind: 'report_missing', owed }));
  }

  private readTranscription(event: Json): Observation {
    const id = event['item_id'];
    if (typeof id !== 'string') return this.unidentified('transcription', event['usage']);
    const owed = this.transcribing.get(id);
    const model = owed?.model ?? this.transcriptionModel ?? MODEL_UNKNOWN;
    this.transcribing.delete(id);
    // One item may hold several audio parts, each transcribed and billed on its own.
    const part = event['content_index'];
    const { evidence, ...read } = readTranscriptionUsage(event['usage']);
    const report: UsageReport = {
      kind: 'transcription',
      vendorObjectId: typeof part === 'number' && part > 0 ? `${id}:${part}` : id,
      model,
      status: 'completed',
      causedBy: owed?.causedBy,
      vendorUsage: event['usage'] ?? null,
      ...read,
    };
    const missing = owed !== undefined && read.problem === 'usage_missing' ? [owed] : [];
    const facts = missing.map((each) => ({ kind: 'report_missing', owed: each }) as const);
    return { facts: [{ kind: 'usage_reported', evidence, report }, ...facts], forward: true };
  }

  private expectTranscription(itemId: unknown, heard: HeardAudio): Observation {
    const model = this.transcriptionModel;
    if (typeof itemId !== 'string' || model === null) return NOTHING;
    const facts: SessionFact[] = [];
    if (this.transcribing.size >= OPEN_TRANSCRIPTIONS_MAX) {
      const [oldest] = this.transcribing.values();
      if (oldest) facts.push({ kind: 'report_missing', owed: oldest });
      if (oldest) this.transcribing.delete(oldest.vendorObjectId);
    }
    const seen = seenTranscription(heard, { model, prompt: this.transcriptionPrompt });
    const causedBy = this.isTranscribedForPolicy() ? 'policy' : undefined;
    const owed: OwedReport = { kind: 'transcription', vendorObjectId: itemId, model, seen, causedBy };
    this.transcribing.set(itemId, owed);
    return { facts: [...facts, { kind: 'report_owed', owed }], forward: true };
  }

  private giveUpTranscription(itemId: string): Observation {
    const owed = this.transcribing.get(itemId);
    this.transcribing.delete(itemId);
    return owed === undefined ? NOTHING : forward({ kind: 'nothing_owed', owed });
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
  if (error['code'] === 'session_expired') return forward({ kind: 'session_expired' });
  const wasQuestion = error['code'] === 'conversation_already_has_active_response';
  return forward({ kind: 'event_refused', eventId: textOf(error['event_id']), wasQuestion });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
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

function throttled(forMs: number, source: 'headroom' | 'response', model: string | null): SessionFact[] {
  return forMs > 0 ? [{ kind: 'throttled', forMs, source, model }] : [];
}

function forward(fact: SessionFact): Observation {
  return { facts: [fact], forward: true };
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

// Named on the response where the vendor names it at all; then prices of that tier apply.
function serviceTierOf(response: Json): Pick<UsageReport, 'serviceTier'> {
  const tier = response['service_tier'] ?? asObject(response['usage'])['service_tier'];
  return typeof tier === 'string' ? { serviceTier: tier } : {};
}
