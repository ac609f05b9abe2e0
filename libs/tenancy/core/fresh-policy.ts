// The policy as it is now, for whoever looks at it now and then: its version is asked each time, the rest is read
// again only when that differs. Guarantees that at most one read is under way, however many ask.
import type { PolicySource } from './policy-refresher.js';
import type { PolicySnapshot } from './policy-snapshot.js';

/** Policy on demand. */
export class FreshPolicy {
  #known: PolicySnapshot | null = null;
  #loading: Promise<PolicySnapshot> | null = null;

  constructor(private readonly source: PolicySource) {}

  /** The policy in force. Rejects when the source does: a page about the present must not show the past. */
  current(): Promise<PolicySnapshot> {
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load(): Promise<PolicySnapshot> {
    if (this.#known !== null && (await this.source.version()) === this.#known.version) return this.#known;
    this.#known = await this.source.load();
    return this.#known;
  }
}
