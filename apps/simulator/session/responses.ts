// Who may respond, to what, and at which cost: response.create, response.cancel, and the turns of VAD. Guarantees one
// response at a time in the conversation, any number beside it, and that a response's prompt and cache are fixed when
// it starts; leaves streaming to response-run.ts.
import { cachedTokens, fitPrompt, promptTokens, type Segment } from '../tokens/context.js';
import { NO_TOKENS, textTokens, totalOf } from '../tokens/usage.js';
import type { ResponseParams } from './client-events.js';
import type { SessionContext } from './context.js';
import { audioOf, entryOf, segmentOf, type Entry } from './conversation.js';
import { errors, modelNotGranted, protocolError, rateLimitFailure, type Parsed, type ProtocolError } from './errors.js';
import { toItem, type InputItem } from './items.js';
import { decideReply } from './reply.js';
import type { ResponseShape, StatusDetails } from './response-events.js';
import { ResponseRun, type RunPlan } from './response-run.js';
import { same, type RealtimeSettings } from './settings.js';
import type { Tool } from './settings-schemas.js';

/** Out-of-band responses at once: bounded, far above any client's use. */
const OUT_OF_BAND_MAX = 32;

/** The responses of one session. */
export class Responses {
  readonly #context: SessionContext;
  readonly #outOfBand = new Set<ResponseRun>();
  #active: ResponseRun | null = null;
  /** A turn ended while a response that may not be interrupted was running: answered when that one ends. */
  #turnWaits = false;
  #lastPrompt: readonly Segment[] = [];
  #onIdle: (playedUntil: number) => void = () => undefined;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** Called when no response is active any more, with the moment at which its audio will have been played. */
  onIdle(listener: (playedUntil: number) => void): void {
    this.#onIdle = listener;
  }

  get active(): boolean {
    return this.#active !== null;
  }

  /** `response.create`. */
  create(params: ResponseParams): ProtocolError | null {
    const { settings } = this.#context;
    if (settings.type !== 'realtime') return errors.notInThisSession('response.create');
    const outOfBand = params.conversation === 'none';
    if (!outOfBand && this.#active !== null) return errors.activeResponse(this.#active.id);
    if (outOfBand && this.#outOfBand.size >= OUT_OF_BAND_MAX) {
      return protocolError('rate_limit_exceeded', `At most ${OUT_OF_BAND_MAX} responses may run out of band.`);
    }
    const voice = params.audio?.output?.voice;
    const changesVoice = voice !== undefined && !same(voice, settings.audio.output.voice);
    if (!outOfBand && changesVoice && this.#context.conversation.hasAssistantAudio) return errors.voiceLocked();
    const input = this.#inputEntries(params.input);
    if (!input.ok) return input.error;
    this.#run(settings, params, input.value, outOfBand);
    return null;
  }

  /** A turn ended and `create_response` is on. */
  answerTurn(): void {
    if (this.#active === null) this.create({});
    else this.#turnWaits = true;
  }

  /** `response.cancel`; without an id the conversation's response. */
  cancel(responseId: string | null): ProtocolError | null {
    const runs = [...(this.#active === null ? [] : [this.#active]), ...this.#outOfBand];
    const run = responseId === null ? this.#active : runs.find((each) => each.id === responseId);
    if (run === undefined || run === null) return errors.cancelNotActive();
    run.stop('client_cancelled');
    return null;
  }

  /** The user speaks: the conversation's response stops. */
  interrupt(): void {
    this.#active?.stop('turn_detected');
  }

  /** The connection is gone. */
  abandon(): void {
    this.#turnWaits = false;
    this.#active?.abandon();
    for (const run of this.#outOfBand) run.abandon();
  }

  #run(settings: RealtimeSettings, params: ResponseParams, entries: readonly Entry[], outOfBand: boolean): void {
    const segments = this.#prompt(settings, params, entries);
    const plan = this.#plan(settings, params, entries, segments);
    const run = new ResponseRun(this.#context, plan, (ended) => this.#ended(ended, segments));
    if (outOfBand) this.#outOfBand.add(run);
    else this.#active = run;
    run.start();
  }

  #ended(run: ResponseRun, segments: readonly Segment[] | null): void {
    if (this.#outOfBand.delete(run)) return;
    this.#active = null;
    // What was generated is part of the next prompt's cached prefix, as in a model's own cache.
    const output = run.entry === null ? [] : [segmentOf(run.entry)];
    if (segments !== null && run.plan.failure === null) this.#lastPrompt = [...segments, ...output];
    if (this.#turnWaits) {
      this.#turnWaits = false;
      this.answerTurn();
    } else this.#onIdle(run.playedUntil);
  }

  #plan(
    settings: RealtimeSettings,
    params: ResponseParams,
    entries: readonly Entry[],
    segments: readonly Segment[] | null,
  ): RunPlan {
    const { config, clips, ids, conversationId, model } = this.#context;
    const input = segments === null ? NO_TOKENS : promptTokens(segments);
    const limit = params.max_output_tokens ?? settings.max_output_tokens;
    const shape: ResponseShape = {
      id: ids.response(),
      conversationId: params.conversation === 'none' ? null : conversationId,
      modality: (params.output_modalities ?? settings.output_modalities)[0] ?? 'audio',
      maxOutputTokens: limit,
      format: params.audio?.output?.format ?? settings.audio.output.format,
      voice: params.audio?.output?.voice ?? settings.audio.output.voice,
      metadata: params.metadata ?? null,
    };
    const reply = decideReply(
      {
        seed: config().reply.seed,
        input: entries,
        ownInstructions: params.instructions ?? null,
        tools: params.tools ?? settings.tools,
        toolChoice: params.tool_choice ?? settings.tool_choice,
      },
      clips,
    );
    return {
      shape,
      reply,
      input,
      cached: segments === null ? NO_TOKENS : cachedTokens(this.#lastPrompt, segments),
      outputTokensMax: limit === 'inf' ? model.outputTokensMax : limit,
      failure: this.#failure(totalOf(input), limit, segments === null),
    };
  }

  #failure(
    inputTokens: number,
    limit: number | 'inf',
    tooLong: boolean,
  ): Extract<StatusDetails, { type: 'failed' }> | null {
    const { model, limiter } = this.#context;
    if (!model.granted) return { type: 'failed', error: modelNotGranted(model.id) };
    if (tooLong) return { type: 'failed', error: CONTEXT_TOO_LONG };
    const refusal = limiter.refuse(model.id, inputTokens + (limit === 'inf' ? 0 : limit));
    return refusal === null ? null : { type: 'failed', error: rateLimitFailure(model.id, refusal) };
  }

  /** Instructions with tools first, then the items; null when truncation is disabled and they do not fit. */
  #prompt(settings: RealtimeSettings, params: ResponseParams, entries: readonly Entry[]): Segment[] | null {
    const instructions = params.instructions ?? settings.instructions;
    const tools: readonly Tool[] = params.tools ?? settings.tools;
    const text = instructions + (tools.length === 0 ? '' : JSON.stringify(tools));
    const head: Segment = { key: text, tokens: { text: textTokens(text), audio: 0, image: 0 } };
    const segments = [head, ...entries.map(segmentOf)];
    const { truncation } = settings;
    const { contextTokens } = this.#context.model;
    if (truncation === 'disabled') return totalOf(promptTokens(segments)) <= contextTokens ? segments : null;
    return fitPrompt(segments, contextTokens, typeof truncation === 'object' ? truncation.retention_ratio : 1);
  }

  #inputEntries(input: readonly InputItem[] | undefined): Parsed<readonly Entry[]> {
    const { conversation, ids, settings, recogniser } = this.#context;
    if (input === undefined) return { ok: true, value: [...conversation.entries] };
    const entries: Entry[] = [];
    for (const item of input) {
      if (item.type === 'item_reference') {
        const known = conversation.find(item.id);
        if (known === null) return { ok: false, error: unknownReference(item.id) };
        entries.push(known);
      } else {
        entries.push(entryFor(item, item.id ?? ids.item(), { ids, settings, recogniser }));
      }
    }
    return { ok: true, value: entries };
  }
}

/** Wording invented; facts give none for a prompt that does not fit. */
const CONTEXT_TOO_LONG = {
  type: 'invalid_request_error',
  code: 'context_length_exceeded',
  message: 'The conversation exceeds the context of this model and truncation is disabled.',
};

function unknownReference(id: string): ProtocolError {
  return protocolError('invalid_value', `Item with id '${id}' does not exist in the conversation.`, 'response.input');
}

/** The entry for an item that a client made, with the audio it carried. */
export function entryFor(
  created: Exclude<InputItem, { type: 'item_reference' }>,
  id: string,
  { ids, settings, recogniser }: Pick<SessionContext, 'ids' | 'settings' | 'recogniser'>,
): Entry {
  const item = toItem(created, id, () => ids.call());
  if (created.type !== 'message' || created.role !== 'user') return entryOf(item);
  const parts = created.content.flatMap((part) => (part.type === 'input_audio' ? [part.audio] : []));
  if (parts.length === 0) return entryOf(item);
  const codec = settings.audio.input.format.type;
  const bytes = Buffer.concat(parts.map((base64) => Buffer.from(base64, 'base64')));
  return entryOf(item, audioOf(bytes, codec), recogniser.transcribe(bytes, codec));
}
