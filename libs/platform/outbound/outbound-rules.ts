// Where this process may send requests whose address somebody else chose (a tenant's webhook). Guarantees that only
// addresses of the public internet pass, and those that the operator named; metadata services never. An address is allowed
// or not as the socket will use it: names are for `guarded-post.ts` to resolve and to hold to what was checked.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { err, ok, type Result } from '@trunkline/kernel';

/**
 * What an operator lets through beside the public internet: a `network` (CIDR), all addresses of a `host`, or an `origin`
 * (scheme, host and port), which may be plain http: for development.
 */
export type OutboundException =
  | { readonly kind: 'network'; readonly network: readonly [ipaddr.IPv4 | ipaddr.IPv6, number] }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'origin'; readonly origin: string };

/** Reads exceptions with commas between them. @returns them, or what is wrong with the first that is none. */
export function readOutboundExceptions(text: string): Result<readonly OutboundException[], string> {
  const exceptions: OutboundException[] = [];
  for (const each of text.split(',')) {
    const parsed = parseOutboundException(each.trim());
    if (!parsed.ok) return parsed;
    exceptions.push(parsed.value);
  }
  return ok(exceptions);
}

/** What a setting names. @throws RangeError when it could not be read; settings are checked before. */
export function outboundExceptionsOf(text: string | null): readonly OutboundException[] {
  const read = text === null ? ok([]) : readOutboundExceptions(text);
  if (read.ok) return read.value;
  throw new RangeError(read.error);
}

/** Reads one exception: `10.20.0.0/16`, `hooks.corp.example`, `http://127.0.0.1:9000`. */
export function parseOutboundException(text: string): Result<OutboundException, string> {
  if (text.includes('://')) return originOf(text);
  if (text.includes('/'))
    return ipaddr.isValidCIDR(text)
      ? ok({ kind: 'network', network: ipaddr.parseCIDR(text) })
      : err(`"${text}" is no network; write one as 10.20.0.0/16 or fd00::/8`);
  const host = hostOf(text);
  return host === null
    ? err(`"${text}" is no host; write a name, an address or a network`)
    : ok({ kind: 'host', host });
}

function originOf(text: string): Result<OutboundException, string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && text.replace(/\/$/, '') === url.origin;
  return isOrigin
    ? ok({ kind: 'origin', origin: url.origin })
    : err(`"${text}" is no origin; write scheme, host and port, as http://127.0.0.1:9000`);
}

// As a URL writes it: lower case, one form for every way of writing an address.
function hostOf(text: string): string | null {
  const bracketed = text.includes(':') && !text.startsWith('[') ? `[${text}]` : text;
  const url = URL.canParse(`https://${bracketed}`) ? new URL(`https://${bracketed}`) : null;
  return url !== null &&
    url.origin === `https://${url.host}` &&
    url.pathname === '/' &&
    url.port === '' &&
    url.search === ''
    ? url.hostname
    : null;
}

/** Why an address of the web may not be asked; null when it may, as far as can be told before its name is resolved. */
export function urlProblem(url: URL, exceptions: readonly OutboundException[]): string | null {
  if (url.username !== '' || url.password !== '') return 'an address must not hold a user or a password';
  if (url.protocol !== 'https:' && !isOriginNamed(url, exceptions))
    return 'only https is asked; the operator can name an http origin as an exception';
  // An address needs no look-up, so none will check it.
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(literal) === 0 || isAddressAllowed(literal, url, exceptions) ? null : INSIDE;
}

/** Why an address inside is not asked. */
export const INSIDE = 'the host is, or stands for, an address inside; the operator can name it as an exception';

/** Whether a socket of a request to `url` may be opened to this address. */
export function isAddressAllowed(address: string, url: URL, exceptions: readonly OutboundException[]): boolean {
  const parsed = unmapped(address);
  if (parsed === null || isNever(parsed)) return false;
  if (isPublic(parsed) || isOriginNamed(url, exceptions)) return true;
  return exceptions.some((each) => {
    switch (each.kind) {
      case 'network':
        return isWithin(parsed, each.network);
      case 'host':
        return each.host === url.hostname;
      case 'origin':
        return false;
    }
  });
}

function isOriginNamed(url: URL, exceptions: readonly OutboundException[]): boolean {
  return exceptions.some((each) => each.kind === 'origin' && each.origin === url.origin);
}

/** An address without zone; one of IPv4 that is written as one of IPv6 is what it stands for. */
function unmapped(address: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (address.includes('%') || isIP(address) === 0) return null;
  return ipaddr.process(address);
}

// What clouds answer from inside a machine with its credentials, wherever they put it; and what is nobody's address.
const NEVER = ['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128', '100.100.100.200/32', '168.63.129.16/32'];
const NOBODYS = ['0.0.0.0/8', '::/128', '224.0.0.0/4', 'ff00::/8', '255.255.255.255/32'];
const NEVER_NETWORKS = [...NEVER, ...NOBODYS].map((text) => ipaddr.parseCIDR(text));
// All that is handed out to anybody. What is left has a meaning of its own: IPv4 in disguise, translation, tunnels.
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

function isNever(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return NEVER_NETWORKS.some((network) => isWithin(address, network));
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || isWithin(address, GLOBAL_IPV6));
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: readonly [ipaddr.IPv4 | ipaddr.IPv6, number]) {
  return address.kind() === network.kind() && address.match(network, bits);
}
