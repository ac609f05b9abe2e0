// Keeps apart what an app sets in a GA Realtime session and what a policy demands. The vendor answers each `session.update`
// in order, with the session or with an error that names the update; so it is known at every event of the upstream which
// settings were in force when it was made. A session that was under way before is asked to describe itself, behind a mark: an
// event that the vendor refuses by its id, so that answers to updates of the time before can be told from those of ours.
import type { SessionVeil, SettingsDemand, Unveiled } from '../../core/session-veil.js';
import { openAiGateWords } from './gate-words.js';
import { asObject, parseObject, textOrNull, type Json } from './json.js';
import {
  changeOf,
  createsResponses,
  sessionOf,
  settingsOf,
  spokenFormatOf,
  USUAL_TRANSCRIPTION_MODEL,
  withSettings,
  type SettingsChange,
  type VeiledSettings,
} from './session-settings.js';
import { bytesPerMs } from './token-rates.js';

/** An update that the upstream has not answered. */
interface PendingUpdate {
  readonly eventId: string;
  /** Whose it is; of an app's that had no id of its own, the id is ours. */
  readonly by: 'us' | 'app' | 'app_unnamed';
  readonly sets: SettingsChange;
}

const HIDDEN: Unveiled = { payload: null, say: null, isRefused: false };
const NO_DEMAND: SettingsDemand = { answersHeld: false, transcription: null, preamble: null };
// An app that sends more at once is answered in order all the same; only its error ids are lost.
const PENDING_MAX = 64;
// A vendor that takes a setting and then shows another one has refused it.
const TRIES_MAX = 3;

/** The veil of one session. */
export class OpenAiSessionVeil implements SessionVeil {
  /** Null until the session is described, and for good where it is no conversation. */
  private app: VeiledSettings | null = null;
  private isDescribed = false;
  private upstream: VeiledSettings | null = null;
  private spoken: Json = {};
  private demanded = NO_DEMAND;
  private lastPreamble: string | null = null;
  private readonly pending: PendingUpdate[] = [];
  private names = 0;
  private tries = 0;
  /** Of a session that is joined: the id of the mark that the upstream has not refused yet; then, that it must be described. */
  private joining: { readonly markId: string; isPast: boolean } | null = null;

  join(): readonly string[] {
    const markId = this.nextName();
    this.joining = { markId, isPast: false };
    const eventId = this.nextName();
    this.expect({ eventId, by: 'us', sets: {} });
    const describe = { type: 'session.update', event_id: eventId, session: { type: 'realtime' } };
    return [openAiGateWords.nothing(markId), JSON.stringify(describe)];
  }

  get isJoining(): boolean {
    return this.joining !== null;
  }

  demand(demand: SettingsDemand): string | null {
    if (demand.preamble !== this.demanded.preamble) this.lastPreamble = this.demanded.preamble;
    this.demanded = demand;
    return this.reconcile();
  }

  get isConversation(): boolean {
    return this.app !== null || !(this.isDescribed || this.isJoining);
  }

  get answersAreOurs(): boolean {
    return createsResponses(this.app?.turnDetection ?? null) && !createsResponses(this.upstream?.turnDetection ?? null);
  }

  get interrupts(): boolean {
    return this.upstream?.turnDetection?.['interrupt_response'] !== false;
  }

  get spokenBytesPerMs(): number {
    return bytesPerMs(this.spoken);
  }

  get transcription(): 'none' | 'seen' | 'unseen' {
    if ((this.upstream?.transcription ?? null) === null) return 'none';
    return this.app?.transcription === null ? 'unseen' : 'seen';
  }

  touches(type: string): boolean {
    return type === 'session.update' || (type === 'response.create' && this.demanded.preamble !== null);
  }

  fromClient(payload: Buffer): Buffer | null {
    const event = parseObject(payload);
    switch (event?.['type']) {
      case 'session.update':
        return this.updated(event);
      case 'response.create':
        return this.asked(event);
      default:
        return null;
    }
  }

  fromUpstream(payload: Buffer): Unveiled {
    const event = parseObject(payload);
    this.spoken = spokenFormatOf(asObject(event?.['session'])) ?? this.spoken;
    switch (event?.['type']) {
      case 'session.created':
        this.isDescribed = true;
        this.app = this.upstream = settingsOf(asObject(event['session']));
        return this.unveiled(payload);
      case 'session.updated':
        return this.joining === null
          ? this.unveiled(this.acknowledged(payload))
          : this.described(payload, this.joining);
      case 'error':
        return this.refused(payload, event);
      default:
        return { payload, say: null, isRefused: false };
    }
  }

  private updated(event: Json): Buffer | null {
    const session = asObject(event['session']);
    // What is no update of a conversation is refused upstream, by its id or by none: nothing to keep apart.
    const isKnown = this.app !== null || this.isJoining;
    if (!isKnown || session === null || session['type'] !== 'realtime') return null;
    const sets = changeOf(session);
    const own = textOrNull(event['event_id']);
    const eventId = own ?? this.nextName();
    this.expect({ eventId, by: own === null ? 'app_unnamed' : 'app', sets });
    return jsonOf({ ...event, event_id: eventId, session: withSettings(session, this.veiled(sets)) });
  }

  private asked(event: Json): Buffer | null {
    const response = asObject(event['response']);
    const instructions = response?.['instructions'];
    if (typeof instructions !== 'string') return null;
    return jsonOf({ ...event, response: { ...response, ...this.veiled({ instructions }) } });
  }

  /** Answers to updates of the time before are the app's; then comes the one to ours. */
  private described(payload: Buffer, joining: NonNullable<typeof this.joining>): Unveiled {
    if (!joining.isPast) return { payload, say: null, isRefused: false };
    this.joined(settingsOf(sessionOf(payload)?.session ?? null));
    return this.unveiled(null);
  }

  private joined(settings: VeiledSettings | null): void {
    this.joining = null;
    this.isDescribed = true;
    this.app = this.upstream = settings;
    if (settings === null) this.pending.length = 0;
    else this.pending.shift();
  }

  /** The session as the app is to see it; null: it is the answer to an update of ours. */
  private acknowledged(payload: Buffer): Buffer | null {
    const described = sessionOf(payload);
    const upstream = settingsOf(described?.session ?? null);
    if (described === null || upstream === null || this.app === null) return payload;
    const update = this.pending.shift();
    this.upstream = upstream;
    this.app = this.appView(this.app, upstream, update?.sets ?? {});
    if (update?.by === 'us') return null;
    return jsonOf({ ...described.event, session: withSettings(described.session, this.app) });
  }

  private appView(app: VeiledSettings, upstream: VeiledSettings, sets: SettingsChange): VeiledSettings {
    const detection = sets.turnDetection === undefined ? app.turnDetection : sets.turnDetection;
    const transcription = sets.transcription === undefined ? app.transcription : sets.transcription;
    const { turnDetection } = upstream;
    return {
      turnDetection: turnDetection && { ...turnDetection, create_response: createsResponses(detection) },
      transcription: transcription === null ? null : upstream.transcription,
      instructions: sets.instructions ?? this.withoutPreamble(upstream.instructions),
    };
  }

  private refused(payload: Buffer, event: Json): Unveiled {
    const error = asObject(event['error']);
    if (this.joining !== null && this.joining.markId === error?.['event_id']) {
      this.joining.isPast = true;
      return HIDDEN;
    }
    const index = this.pending.findIndex(({ eventId }) => eventId === error?.['event_id']);
    const [update] = index === -1 ? [] : this.pending.splice(index, 1);
    if (update === undefined) return { payload, say: null, isRefused: false };
    if (update.by === 'us' && this.isJoining) {
      // What cannot be described as a conversation is none.
      this.joined(null);
      return HIDDEN;
    }
    if (update.by === 'us') return { payload: null, say: null, isRefused: true };
    return this.unveiled(update.by === 'app' ? payload : jsonOf({ ...event, error: { ...error, event_id: null } }));
  }

  private unveiled(payload: Buffer | null): Unveiled {
    const say = this.reconcile();
    return { payload, say, isRefused: this.tries > TRIES_MAX };
  }

  /** What the upstream must still be told. Nothing while an update of the app's is under way: it would be undone. */
  private reconcile(): string | null {
    if (this.app === null || this.upstream === null || this.pending.length > 0) return null;
    const target = this.veiled(this.app);
    const sets = differences(target, this.upstream);
    if (Object.keys(sets).length === 0) {
      this.tries = 0;
      return null;
    }
    this.tries += 1;
    const eventId = this.nextName();
    this.expect({ eventId, by: 'us', sets: {} });
    return JSON.stringify({
      type: 'session.update',
      event_id: eventId,
      session: withSettings({ type: 'realtime' }, sets),
    });
  }

  /** Settings of the app's as they go upstream. */
  private veiled(sets: SettingsChange): SettingsChange {
    const { answersHeld, transcription, preamble } = this.demanded;
    const { turnDetection, instructions } = sets;
    return {
      ...sets,
      ...(turnDetection && answersHeld ? { turnDetection: { ...turnDetection, create_response: false } } : {}),
      ...(sets.transcription === null && transcription !== null
        ? { transcription: transcriptionOf(transcription) }
        : {}),
      ...(instructions === undefined ? {} : { instructions: withPreamble(preamble, instructions) }),
    };
  }

  private withoutPreamble(instructions: string): string {
    for (const preamble of [this.demanded.preamble, this.lastPreamble]) {
      if (preamble === instructions) return '';
      if (preamble !== null && instructions.startsWith(withPreamble(preamble, ' ').slice(0, -1)))
        return instructions.slice(withPreamble(preamble, ' ').length - 1);
    }
    return instructions;
  }

  private expect(update: PendingUpdate): void {
    this.pending.push(update);
    if (this.pending.length > PENDING_MAX) this.pending.shift();
  }

  private nextName(): string {
    return openAiGateWords.ownEventId(`settings_${this.names++}`);
  }
}

function withPreamble(preamble: string | null, instructions: string): string {
  if (preamble === null) return instructions;
  return instructions === '' ? preamble : `${preamble}\n\n${instructions}`;
}

function transcriptionOf({ model, language }: NonNullable<SettingsDemand['transcription']>): Json {
  return { model: model ?? USUAL_TRANSCRIPTION_MODEL, ...(language === null ? {} : { language }) };
}

/** What of the target the upstream does not have. The vendor resolves settings: only what is ours to set is compared. */
function differences(target: SettingsChange, upstream: VeiledSettings): SettingsChange {
  const { turnDetection = null, transcription = null, instructions = '' } = target;
  const answers = createsResponses(turnDetection) !== createsResponses(upstream.turnDetection);
  const hears =
    textOrNull(transcription?.['model']) !== textOrNull(upstream.transcription?.['model']) ||
    textOrNull(transcription?.['language']) !== textOrNull(upstream.transcription?.['language']);
  return {
    ...(answers ? { turnDetection } : {}),
    ...(hears ? { transcription } : {}),
    ...(instructions === upstream.instructions ? {} : { instructions }),
  };
}

function jsonOf(event: Json): Buffer {
  return Buffer.from(JSON.stringify(event));
}
