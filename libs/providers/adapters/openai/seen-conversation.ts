// What a response would be billed for if it were never reported: kept up to date event by event, so that it is there when a
// session dies. Every response reads the whole conversation, so its input is what the last report said the conversation
// weighed (its front, read from the cache while nobody changes it) and what came since. Guarantees bounded memory and no look
// into audio; leaves how far to trust the result to metering.
import type { EstimateDoubt, Quantity, SeenUsage } from '@trunkline/metering';
import { CallerAudio, type ClientTraffic, type HeardAudio } from './heard-audio.js';
import { SeenOutput, TextRatio } from './seen-output.js';
import {
  addTokens,
  assistantAudioTokens,
  cacheable,
  imageTokens,
  NO_TOKENS,
  textTokens,
  userAudioTokens,
  withoutTokens,
  type ModalityTokens,
} from './token-rates.js';
import { tokens } from './usage.js';

type Json = Readonly<Record<string, unknown>>;

interface OpenResponse {
  readonly input: ModalityTokens;
  readonly cached: ModalityTokens;
  readonly output: SeenOutput;
  /** What had come since the front when it began: its report will contain that. */
  readonly added: ModalityTokens;
  readonly heardMs: number;
  readonly method: SeenUsage['method'];
  readonly doubts: Set<EstimateDoubt>;
  readonly isInConversation: boolean;
}

/** One session's conversation, by weight. */
export class SeenConversation {
  readonly callerAudio: CallerAudio;
  private readonly ratio = new TextRatio();
  private readonly open = new Map<string, OpenResponse>();
  private running: OpenResponse | null = null;
  /** The prompt of the last response that ended, and how it is known. */
  private front = NO_TOKENS;
  private frontBy: 'report' | 'estimate' | null = null;
  private isFrontUnchanged = true;
  private added = NO_TOKENS;
  private heardMs = 0;
  private readonly doubts = new Set<EstimateDoubt>();
  /** Instructions and tools. */
  private setup = '';
  private outputFormat: Json = {};
  /** The answer behind the front, while nobody has cut it; read from the cache with it. */
  private lastOutput: ModalityTokens | null = null;
  private committedItem: unknown = null;

  constructor(traffic: () => ClientTraffic) {
    this.callerAudio = new CallerAudio(traffic);
  }

  /** The session's settings as the upstream resolved them. */
  described(session: Json): void {
    const { input, output } = asObject(session['audio']);
    this.callerAudio.formatIs(asObject(asObject(input)['format']));
    this.outputFormat = asObject(asObject(output)['format']);
    const setup = `${textOf(session['instructions'])}${jsonOf(session['tools'])}`;
    if (setup === this.setup) return;
    const change = textTokens(setup) - textTokens(this.setup);
    this.setup = setup;
    // Before the first report it is part of what came; after it, the front has changed at its very beginning.
    if (this.frontBy === null) this.added = { ...this.added, text: Math.max(0, this.added.text + change) };
    else this.front = { ...this.front, text: Math.max(0, this.front.text + change) };
    this.isFrontUnchanged = this.frontBy === null;
  }

  /** The caller's audio became an item. */
  committed(itemId: unknown): HeardAudio {
    const heard = this.callerAudio.committed();
    this.committedItem = itemId;
    this.heardMs += heard.ms;
    this.added = { ...this.added, audio: this.added.audio + userAudioTokens(heard.ms) };
    if (heard.by === 'bytes') this.doubts.add('audio_by_bytes');
    return heard;
  }

  /** An item is in the conversation. Output of a response is empty then, and counted as it comes. */
  itemAdded(item: Json): void {
    const contents = Array.isArray(item['content']) ? item['content'].map(asObject) : [];
    let { text, image } = this.added;
    text += textTokens(textOf(item['output']) + textOf(item['arguments']));
    for (const part of contents) {
      text += textTokens(textOf(part['text']) + textOf(part['transcript']));
      if (part['type'] === 'input_image') image += imageTokens(part['detail']);
      if (part['type'] === 'input_audio' && item['id'] !== this.committedItem) this.doubts.add('item_unread');
    }
    this.added = { ...this.added, text, image };
  }

  /** An item is too large to be read: nearly always an image. */
  itemUnread(): void {
    this.added = { ...this.added, image: this.added.image + imageTokens(null) };
    this.doubts.add('item_unread');
  }

  /** The last answer was cut to what was heard of it. */
  truncated(endMs: unknown): void {
    const { lastOutput } = this;
    if (lastOutput === null || typeof endMs !== 'number') return this.edited();
    const kept = { ...NO_TOKENS, audio: Math.min(lastOutput.audio, assistantAudioTokens(endMs)) };
    this.added = withoutTokens(this.added, withoutTokens(lastOutput, kept));
    this.lastOutput = null;
  }

  /** Items were taken out; which and how much they weighed is not known. */
  edited(): void {
    this.doubts.add('context_edited');
  }

  responseCreated(id: string, response: Json): void {
    const isParallel = this.open.size > 0;
    const isInConversation = response['conversation_id'] !== null;
    const doubts = new Set(this.doubts);
    if (this.frontBy !== 'report') doubts.add('no_report_yet');
    if (!isInConversation) doubts.add('out_of_band');
    if (isParallel) for (const each of [...this.open.values(), { doubts }]) each.doubts.add('parallel_responses');
    const format = asObject(asObject(asObject(response['audio'])['output'])['format']);
    const running: OpenResponse = {
      input: addTokens(this.front, this.added),
      cached: this.cached(),
      output: new SeenOutput('type' in format ? format : this.outputFormat),
      added: this.added,
      heardMs: this.heardMs,
      method: this.frontBy === 'report' ? 'seen_output_and_previous_context' : 'seen_output_and_seen_context',
      doubts,
      isInConversation,
    };
    this.open.set(id, running);
    this.running = running;
  }

  audioDelta(bytes: number): void {
    this.running?.output.audioDelta(bytes);
  }

  textDelta(): void {
    this.running?.output.textDelta();
  }

  /** The response ended with a report. */
  responseReported(id: string, quantities: readonly Quantity[]): void {
    const ended = this.forget(id);
    // A report that is repeated, or of a response that was given up, has been counted.
    if (ended === null) return;
    const count = (meter: Quantity['meter']): number =>
      Number(quantities.find((each) => each.meter === meter)?.quantityMicro ?? 0n) / 1_000_000;
    const input = {
      text: count('input_text') + count('input_text_cached'),
      audio: count('input_audio') + count('input_audio_cached'),
      image: count('input_image') + count('input_image_cached'),
    };
    const output = { text: count('output_text'), audio: count('output_audio'), image: 0 };
    if (ended.output.textDeltas > 0) this.ratio.learn(ended.output.textDeltas, output.text);
    // A response that failed reports nothing at all.
    if (input.text + input.audio + input.image > 0) this.ended(ended, { input, output, by: 'report' });
  }

  /** The response ended, or is given up, without a report that can be read. */
  responseUnreported(id: string): void {
    const ended = this.forget(id);
    if (ended === null) return;
    const output = { ...ended.output.tokens(this.ratio.value), image: 0 };
    this.ended(ended, { input: ended.input, output, by: 'estimate' });
  }

  /** What was seen of a running response; null for one that is not running. */
  seenOf(id: string): SeenUsage | null {
    const response = this.open.get(id);
    if (response === undefined) return null;
    const { input, cached, output, method, doubts, heardMs, added } = response;
    const uncached = withoutTokens(input, cached);
    const generated = output.tokens(this.ratio.value);
    return {
      quantities: tokens({
        input_text: uncached.text,
        input_text_cached: cached.text,
        input_audio: uncached.audio,
        input_audio_cached: cached.audio,
        input_image: uncached.image,
        input_image_cached: cached.image,
        output_text: generated.text,
        output_audio: generated.audio,
      }),
      method,
      doubts: [...doubts],
      facts: {
        context_tokens: total(withoutTokens(input, added)),
        added_tokens: total(added),
        heard_ms: Math.round(heardMs),
        spoken_ms: output.spokenMs,
        text_deltas: output.textDeltas,
      },
    };
  }

  private cached(): ModalityTokens {
    if (this.frontBy === null || !this.isFrontUnchanged) return NO_TOKENS;
    return cacheable(addTokens(this.front, this.lastOutput ?? NO_TOKENS));
  }

  private forget(id: string): OpenResponse | null {
    const ended = this.open.get(id) ?? null;
    this.open.delete(id);
    if (this.running === ended) this.running = [...this.open.values()].at(-1) ?? null;
    return ended;
  }

  private ended(
    response: OpenResponse,
    { input, output, by }: { input: ModalityTokens; output: ModalityTokens; by: 'report' | 'estimate' },
  ): void {
    if (!response.isInConversation) return;
    this.front = input;
    this.frontBy = by;
    this.isFrontUnchanged = true;
    this.added = addTokens(withoutTokens(this.added, response.added), output);
    this.heardMs -= response.heardMs;
    this.lastOutput = output;
    if (by === 'report') this.doubts.clear();
  }
}

function total({ text, audio, image }: ModalityTokens): number {
  return text + audio + image;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function jsonOf(value: unknown): string {
  return Array.isArray(value) && value.length > 0 ? JSON.stringify(value) : '';
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
