// Hears through Redis's publish and subscribe of lines given to waiting calls, within a millisecond or two. A message may
// get lost (a reconnect, a failover): the waiting room asks for its calls twice a second all the same.
import type { SessionId } from '@trunkline/kernel';
import { trustedId } from '@trunkline/kernel';
import type { OnGranted } from '../../index.js';

/** The commands used; a second connection of ioredis fits, for a subscriber may send nothing else. */
export interface GrantSubscriber {
  subscribe(channel: string): Promise<unknown>;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
}

/** Listeners by channel. */
export class Grants {
  readonly #listeners = new Map<string, Set<OnGranted>>();

  constructor(private readonly subscriber: GrantSubscriber) {
    subscriber.on('message', (channel, message) => {
      const sessionId: SessionId = trustedId('ses', message);
      for (const listener of this.#listeners.get(channel) ?? []) listener(sessionId);
    });
  }

  /** Hears of every message on the channel. @returns the function that stops it. */
  listen(channel: string, listener: OnGranted): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    // ioredis subscribes again by itself after every reconnect; until then `attend` finds what was given.
    this.subscriber.subscribe(channel).catch(() => undefined);
    return () => void listeners.delete(listener);
  }
}
