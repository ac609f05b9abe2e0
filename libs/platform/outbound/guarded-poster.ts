// POST to an address that somebody else chose. Guarantees that the socket goes to an address that was checked, and to no
// other: the name is resolved once, by us, for each connection, and what it means a moment later does not matter. Redirects
// are not followed, an answer is bounded in bytes, and in time by the caller's signal.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { INSIDE, isAddressAllowed, urlProblem, type OutboundException } from './outbound-rules.js';
import { dnsResolver, type ResolveHost } from './resolve-host.js';
import { AGENT_OPTIONS, sendPost, type OutboundAnswer, type OutboundPost } from './send-post.js';

/** The address may not be asked. The message says why and names no address that a name stands for. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

/** How requests are guarded. */
export interface GuardedPosterOptions {
  readonly exceptions: readonly OutboundException[];
  readonly resolve?: ResolveHost;
}

/** Sends requests. One per process: it keeps connections. */
export class GuardedPoster {
  private readonly exceptions: readonly OutboundException[];
  private readonly resolve: ResolveHost;
  private readonly plain = new HttpAgent(AGENT_OPTIONS);
  private readonly secure = new HttpsAgent(AGENT_OPTIONS);

  constructor({ exceptions, resolve = dnsResolver() }: GuardedPosterOptions) {
    this.exceptions = exceptions;
    this.resolve = resolve;
  }

  /** @throws OutboundRefused, or whatever the network does. */
  async post(post: OutboundPost): Promise<OutboundAnswer> {
    const { url } = post;
    const problem = urlProblem(url, this.exceptions);
    if (problem !== null) throw new OutboundRefused(problem);
    return sendPost(post, { agent: url.protocol === 'https:' ? this.secure : this.plain, lookup: this.lookup(url) });
  }

  /** Closes idle connections. */
  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  private lookup(url: URL): LookupFunction {
    return (host, { all }, done) => {
      this.resolve(host).then(
        (addresses) => {
          if (addresses.length === 0 || !addresses.every((each) => isAddressAllowed(each, url, this.exceptions)))
            return done(new OutboundRefused(INSIDE), []);
          if (all === true)
            return done(
              null,
              addresses.map((address) => ({ address, family: isIP(address) })),
            );
          const [first = ''] = addresses;
          done(null, first, isIP(first));
        },
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), []),
      );
    };
  }
}
