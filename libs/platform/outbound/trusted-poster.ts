// POST to an address that the operator chose (an upstream account's). Keeps connections, and one agent for each authority
// that was given beside the public ones, since reading those takes milliseconds.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, rootCertificates } from 'node:tls';
import { AGENT_OPTIONS, sendPost, type OutboundAnswer, type OutboundPost } from './send-post.js';

// A process talks to a handful of accounts.
const AUTHORITIES_MAX = 32;

/** Sends requests. One per process. */
export class TrustedPoster {
  private readonly plain = new HttpAgent(AGENT_OPTIONS);
  private readonly secure = new Map<string | null, HttpsAgent>();

  /** @param post with the authority (PEM) to trust beside the public ones. Rejects with whatever the network does. */
  post({ ca, ...post }: OutboundPost & { readonly ca: string | null }): Promise<OutboundAnswer> {
    return sendPost(post, { agent: post.url.protocol === 'https:' ? this.secureAgent(ca) : this.plain });
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of [this.plain, ...this.secure.values()]) agent.destroy();
  }

  private secureAgent(ca: string | null): HttpsAgent {
    const known = this.secure.get(ca);
    if (known !== undefined) return known;
    const trust = ca === null ? {} : { secureContext: createSecureContext({ ca: [...rootCertificates, ca] }) };
    const agent = new HttpsAgent({ ...AGENT_OPTIONS, ...trust });
    if (this.secure.size < AUTHORITIES_MAX) this.secure.set(ca, agent);
    return agent;
  }
}
