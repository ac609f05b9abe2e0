// Names to addresses by DNS and nothing else. Not by the system's own resolver: it works on the few threads that also
// write the journal to disk, and a tenant's slow name server must not hold those up. So /etc/hosts and search domains
// are not known here; names are written in full.
import { Resolver } from 'node:dns/promises';

const ANSWER_MS_MAX = 1_000;
const TRIES = 2;

/** All addresses of a host. @throws when it has none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** Asks the name servers of this machine. */
export function dnsResolver(): ResolveHost {
  const resolver = new Resolver({ timeout: ANSWER_MS_MAX, tries: TRIES });
  return async (host) => {
    // By definition (RFC 6761), and name servers need not know it.
    if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1'];
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = [...(v4.status === 'fulfilled' ? v4.value : []), ...(v6.status === 'fulfilled' ? v6.value : [])];
    if (addresses.length > 0) return addresses;
    throw new Error(`${host} has no address`, { cause: v4.status === 'rejected' ? v4.reason : undefined });
  };
}
