// What follows when the model says what it may not: the response is stopped, what the caller has not heard yet is
// dropped, the app gets the end of the response without what was said, and once it is over its items are taken out of
// the conversation, so that they are neither billed again nor repeated. Then a refusal is spoken, if the policy has one. So is an
// answer stopped that is right in itself, but answers what the caller may not say.
import type { BlockedEvent } from '@trunkline/providers/adapters/openai';
import type { GateWords } from '@trunkline/providers';
import { HeardOutput } from './heard-output.js';

/** How a blocked response is acted on. */
export interface BlockedOutputPorts {
  readonly words: GateWords;
  readonly toUpstream: (text: string) => void;
  /** More responses are blocked and not over than can be kept apart: the session must end. */
  readonly tooMany: () => void;
}

/** Why a response is stopped. */
export interface Stop {
  /** The item that is to blame, where it is known. */
  readonly itemId: string | null;
  /** What is spoken in its place; null: nothing. */
  readonly refusal: string | null;
}

/** A response that is blocked and not over. */
interface Blocked {
  /** That it made so far. */
  readonly items: Set<string>;
  readonly refusal: string | null;
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
  private readonly blocked = new Map<string, Blocked>();
  /** Responses that are over, and what they made; null: it was blocked. */
  private readonly over = new Map<string, Ended | null>();
  private readonly itemIds = new Set<string>();
  /** What of which response went to the caller. */
  readonly heard = new HeardOutput();

  constructor(private readonly ports: BlockedOutputPorts) {}

  /** Whether any response is blocked and not over. */
  get isActive(): boolean {
    return this.blocked.size > 0;
  }

  /** Stops a response. False when it is stopped already. */
  block(responseId: string, { itemId, refusal }: Stop): boolean {
    const ended = this.over.get(responseId);
    if (ended === null || this.blocked.has(responseId)) return false;
    if (itemId !== null) remember(this.itemIds, itemId);
    if (ended !== undefined) {
      this.over.set(responseId, null);
      const items = new Set(ended.items.map(({ id }) => id));
      for (const id of items) remember(this.itemIds, id);
      this.clean(responseId, { items, refusal }, ended);
      return true;
    }
    const [oldest] = this.blocked.size >= BLOCKED_MAX ? this.blocked.keys() : [];
    if (oldest !== undefined) {
      this.blocked.delete(oldest);
      this.ports.tooMany();
    }
    this.blocked.set(responseId, { items: new Set(), refusal });
    this.ports.toUpstream(this.ports.words.cancelResponse(responseId));
    return true;
  }

  /** Whether an event is of what is blocked. */
  isOf({ responseId, items }: BlockedEvent): boolean {
    return (responseId !== null && this.blocked.has(responseId)) || items.some(({ id }) => this.itemIds.has(id));
  }

  /** Whether a response ended and nothing of it is blocked. */
  isWhole(responseId: string): boolean {
    return (this.over.get(responseId) ?? null) !== null;
  }

  /** An event of the upstream went by. */
  passed({ type, responseId, items, isOurs }: BlockedEvent): void {
    if (responseId === null) return;
    const blocked = this.blocked.get(responseId);
    for (const { id } of blocked === undefined ? [] : items) {
      blocked?.items.add(id);
      remember(this.itemIds, id);
    }
    if (type !== 'response.done') return;
    this.heard.ended(responseId);
    this.isOver(responseId, blocked === undefined ? { items, isOurs } : null);
    if (blocked === undefined) return;
    this.blocked.delete(responseId);
    this.clean(responseId, blocked, { items, isOurs });
  }

  private isOver(responseId: string, ended: Ended | null): void {
    this.over.set(responseId, ended);
    const oldest = this.over.keys().next();
    if (this.over.size > OVER_MAX && !oldest.done) this.over.delete(oldest.value);
  }

  private clean(responseId: string, blocked: Blocked, { items, isOurs }: Ended): void {
    const { words, toUpstream } = this.ports;
    const heardMs = this.heard.msOf(responseId);
    for (const { id, isSpoken } of items) if (isSpoken) toUpstream(words.truncateItem(id, heardMs));
    for (const id of blocked.items) toUpstream(words.deleteItem(id));
    // A refusal that is blocked itself is followed by none: they would go on for ever, and each is billed.
    if (!isOurs && blocked.refusal !== null) toUpstream(words.speakAside(blocked.refusal, REFUSAL_MARK));
  }
}

function remember(ids: Set<string>, id: string): void {
  const oldest = ids.values().next();
  if (ids.size >= BLOCKED_MAX && !oldest.done) ids.delete(oldest.value);
  ids.add(id);
}
