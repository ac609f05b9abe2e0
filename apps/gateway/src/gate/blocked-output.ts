// What follows when the model says what it may not: the response is stopped, what the caller has not heard yet is
// dropped, the app gets the end of the response without what was said, and once it is over its items are taken out of
// the conversation, so that they are neither billed again nor repeated. Then a refusal is spoken, if the policy has one.
import type { BlockedEvent } from '@trunkline/providers/adapters/openai';
import type { GateWords } from '@trunkline/providers';
import { HeardOutput } from './heard-output.js';

/** How a blocked response is acted on. */
export interface BlockedOutputPorts {
  readonly words: GateWords;
  readonly toUpstream: (text: string) => void;
  /** What is spoken in its place; null: nothing. */
  readonly refusal: () => string | null;
  /** More responses are blocked and not over than can be kept apart: the session must end. */
  readonly tooMany: () => void;
}

/** How a response ended: what it made, and whether it was the gate that had it spoken. */
type Ended = Pick<BlockedEvent, 'items' | 'isOurs'>;

/** What comes back with the events of a refusal. */
export const REFUSAL_MARK = 'refusal';

// A session has one response in its conversation, and more only where an app asks for them.
const BLOCKED_MAX = 64;
// A verdict may come when its response is over: for as long as anybody would wait for it.
const OVER_MAX = 16;
/** The blocked responses of one session. */
export class BlockedOutput {
  /** Responses that are blocked and not over, with the items that they made so far. */
  private readonly blocked = new Map<string, Set<string>>();
  /** Responses that are over, blocked or not, and what they made. */
  private readonly over = new Map<string, Ended>();
  private readonly itemIds = new Set<string>();
  /** What of which response went to the caller. */
  readonly heard = new HeardOutput();

  constructor(private readonly ports: BlockedOutputPorts) {}

  /** Whether any response is blocked and not over. */
  get isActive(): boolean {
    return this.blocked.size > 0;
  }

  /** Stops a response. False when it is stopped already. */
  block(responseId: string, itemId: string | null): boolean {
    if (this.blocked.has(responseId)) return false;
    if (itemId !== null) remember(this.itemIds, itemId);
    const ended = this.over.get(responseId);
    if (ended !== undefined) {
      this.over.delete(responseId);
      for (const { id } of ended.items) remember(this.itemIds, id);
      this.clean(responseId, new Set(ended.items.map(({ id }) => id)), ended);
      return true;
    }
    const [oldest] = this.blocked.size >= BLOCKED_MAX ? this.blocked.keys() : [];
    if (oldest !== undefined) {
      this.blocked.delete(oldest);
      this.ports.tooMany();
    }
    this.blocked.set(responseId, new Set());
    this.ports.toUpstream(this.ports.words.cancelResponse(responseId));
    return true;
  }

  /** Whether an event is of what is blocked. */
  isOf({ responseId, items }: BlockedEvent): boolean {
    return (responseId !== null && this.blocked.has(responseId)) || items.some(({ id }) => this.itemIds.has(id));
  }

  /** Whether a response ended and nothing of it is blocked. */
  isWhole(responseId: string): boolean {
    return this.over.has(responseId);
  }

  /** An event of the upstream went by. */
  passed({ type, responseId, items, isOurs }: BlockedEvent): void {
    if (responseId === null) return;
    const made = this.blocked.get(responseId);
    for (const { id } of made === undefined ? [] : items) {
      made?.add(id);
      remember(this.itemIds, id);
    }
    if (type !== 'response.done') return;
    this.heard.ended(responseId);
    if (made === undefined) return this.isOver(responseId, { items, isOurs });
    this.blocked.delete(responseId);
    this.clean(responseId, made, { items, isOurs });
  }

  private isOver(responseId: string, ended: Ended): void {
    this.over.set(responseId, ended);
    const oldest = this.over.keys().next();
    if (this.over.size > OVER_MAX && !oldest.done) this.over.delete(oldest.value);
  }

  private clean(responseId: string, itemIds: ReadonlySet<string>, { items, isOurs }: Ended): void {
    const { words, toUpstream, refusal } = this.ports;
    const heardMs = this.heard.msOf(responseId);
    for (const { id, isSpoken } of items) if (isSpoken) toUpstream(words.truncateItem(id, heardMs));
    for (const id of itemIds) toUpstream(words.deleteItem(id));
    // A refusal that is blocked itself is followed by none: they would go on for ever, and each is billed.
    const line = isOurs ? null : refusal();
    if (line !== null) toUpstream(words.speakAside(line, REFUSAL_MARK));
  }
}

function remember(ids: Set<string>, id: string): void {
  const oldest = ids.values().next();
  if (ids.size >= BLOCKED_MAX && !oldest.done) ids.delete(oldest.value);
  ids.add(id);
}
