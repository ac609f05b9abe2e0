// The conversation: its items in order, with their audio and token counts. Guarantees the previous_item_id rules of
// facts 3.1 and bounded memory (items and user audio); leaves events to the session.
import { cut, type AudioChunk } from '../audio/clips.js';
import { bytesPerMs, type AudioCodec } from '../audio/formats.js';
import type { Segment } from '../tokens/context.js';
import { imageTokens, inputAudioTokens, outputAudioTokens, textTokens, type Tokens } from '../tokens/usage.js';
import { itemText, type Item } from './items.js';

/** Audio that belongs to an item: what the user said or what was generated. */
export interface ItemAudio {
  readonly codec: AudioCodec;
  readonly ms: number;
  /** Empty when the bytes were dropped for memory. */
  readonly chunks: readonly AudioChunk[];
}

/** An item with what the wire does not show. */
export interface Entry {
  item: Item;
  audio: ItemAudio | null;
  /** What the simulator heard in user audio; drives replies and tool calls. */
  heard: string;
  /** Grows with each change, so that a changed item breaks the prompt cache. */
  version: number;
}

/** Makes an entry for an item. */
export function entryOf(item: Item, audio: ItemAudio | null = null, heard = ''): Entry {
  return { item, audio, heard, version: 0 };
}

/** Audio of raw bytes. */
export function audioOf(bytes: Buffer, codec: AudioCodec): ItemAudio {
  return { codec, ms: bytes.length / bytesPerMs(codec), chunks: cut(bytes, codec, null) };
}

/** Holds the items of one session. */
export class Conversation {
  readonly #entries: Entry[] = [];
  readonly #itemsMax: number;
  readonly #userAudioBytesMax: number;

  constructor(bounds: { itemsMax: number; userAudioBytesMax: number }) {
    this.#itemsMax = bounds.itemsMax;
    this.#userAudioBytesMax = bounds.userAudioBytesMax;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get lastId(): string | null {
    return this.#entries.at(-1)?.item.id ?? null;
  }

  /** The latest item with this id: a duplicate id is kept as a second item (facts 3.1). */
  find(id: string): Entry | null {
    return this.#entries.findLast((entry) => entry.item.id === id) ?? null;
  }

  /** Adds at the end, or after `after` ("root": at the front). Returns the id before it; undefined: `after` unknown. */
  add(entry: Entry, after?: string): string | null | undefined {
    let index = this.#entries.length;
    if (after === 'root') index = 0;
    else if (after !== undefined) {
      index = this.#entries.findLastIndex((each) => each.item.id === after) + 1;
      if (index === 0) return undefined;
    }
    const previous = this.#entries[index - 1]?.item.id ?? null;
    this.#entries.splice(index, 0, entry);
    if (this.#entries.length > this.#itemsMax) this.#entries.shift();
    this.#forgetOldAudio();
    return previous;
  }

  /** The id before an entry, as `conversation.item.done` reports it. */
  idBefore(entry: Entry): string | null {
    return this.#entries[this.#entries.indexOf(entry) - 1]?.item.id ?? null;
  }

  /** Removes an item; false when there is none. */
  remove(id: string): boolean {
    const index = this.#entries.findLastIndex((entry) => entry.item.id === id);
    if (index < 0) return false;
    this.#entries.splice(index, 1);
    return true;
  }

  /** True once the assistant has spoken: from then on the voice is fixed. */
  get hasAssistantAudio(): boolean {
    return this.#entries.some(({ item, audio }) => isAssistant(item) && audio !== null && audio.ms > 0);
  }

  #forgetOldAudio(): void {
    let kept = 0;
    for (const entry of this.#entries.toReversed()) {
      const { audio, item } = entry;
      if (audio === null || isAssistant(item)) continue;
      kept += audio.ms * bytesPerMs(audio.codec);
      if (kept > this.#userAudioBytesMax && audio.chunks.length > 0) entry.audio = { ...audio, chunks: [] };
    }
  }
}

/** True for messages of the assistant. */
export function isAssistant(item: Item): boolean {
  return item.type === 'message' && item.role === 'assistant';
}

/** The entry as a piece of the prompt. */
export function segmentOf(entry: Entry): Segment {
  return { key: `${entry.item.id}#${entry.version}`, tokens: entryTokens(entry) };
}

/** What the item costs each time it is sent to the model. User transcripts are not: the model hears the audio. */
function entryTokens({ item, audio }: Entry): Tokens {
  const audioMs = audio?.ms ?? 0;
  if (item.type !== 'message') return { text: textTokens(itemText(item)), audio: 0, image: 0 };
  let text = 0;
  let image = 0;
  for (const part of item.content) {
    if (part.type === 'input_image') image += imageTokens(part.detail);
    else if (part.type === 'output_audio') text += textTokens(part.transcript ?? '');
    else if (part.type !== 'input_audio') text += textTokens(part.text);
  }
  return { text, audio: isAssistant(item) ? outputAudioTokens(audioMs) : inputAudioTokens(audioMs), image };
}

/**
 * The item of `conversation.item.retrieved`: with `object`, and with the audio. The published example calls the part
 * "audio" (facts 3.3); agents-realtime 0.20 retrieves every transcribed item and breaks on anything but the item's own
 * part types, so those are what the wire must carry.
 */
export function retrievedItem({ item, audio }: Entry): Record<string, unknown> {
  const { id, ...rest } = item;
  if (item.type !== 'message') return { id, object: 'realtime.item', ...rest };
  const content = item.content.map((part) => {
    if (part.type !== 'input_audio' && part.type !== 'output_audio') return part;
    const base64 = audio === null ? '' : audioBytes(audio).toString('base64');
    return { ...part, audio: base64, format: RETRIEVED_FORMAT[audio?.codec ?? 'audio/pcm'] };
  });
  return { id, object: 'realtime.item', ...rest, content };
}

const RETRIEVED_FORMAT = { 'audio/pcm': 'pcm16', 'audio/pcmu': 'g711_ulaw', 'audio/pcma': 'g711_alaw' } as const;

function audioBytes(audio: ItemAudio): Buffer {
  const bytes = Buffer.concat(audio.chunks.map((chunk) => Buffer.from(chunk.base64, 'base64')));
  return bytes.subarray(0, Math.round(audio.ms * bytesPerMs(audio.codec)));
}

/** Cuts an assistant item to what was played; its transcript goes too (facts 3.1). */
export function truncateEntry(entry: Entry, audioEndMs: number): void {
  const { item, audio } = entry;
  if (item.type !== 'message' || audio === null) return;
  entry.audio = { ...audio, ms: audioEndMs };
  entry.item = {
    ...item,
    content: item.content.map((part) => (part.type === 'output_audio' ? { ...part, transcript: null } : part)),
  };
  entry.version += 1;
}
