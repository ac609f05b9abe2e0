// Names to addresses by DNS and nothing else. Not by the system's own resolver: it works on the few threads that also
// write the journal to disk, and a tenant's slow name server must not hold those up. So /etc/hosts and search domains
// are not known here; names are written in full.
import { Resolver } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';

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
    const [v4, v6] = [addressesOf(resolver.resolve4(host)), addressesOf(resolver.resolve6(host))];
    const found = await v4;
    const addresses = [...found, ...(found.length > 0 ? await Promise.race([v6, nothingAfter(V6_MS_MAX)]) : await v6)];
    if (addresses.length > 0) return addresses;
    throw new Error(`${host} has no address`);
  };
}

// Many name servers are slow to say that there is none of IPv6; where there is one of IPv4, they get this long.
const V6_MS_MAX = 50;

function addressesOf(answer: Promise<readonly string[]>): Promise<readonly string[]> {
  return answer.catch(() => []);
}

async function nothingAfter(ms: number): Promise<readonly string[]> {
  await delay(ms, undefined, { ref: false });
  return [];
}
