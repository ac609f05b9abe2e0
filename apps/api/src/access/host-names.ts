// Which `Host` headers are ours. A page of a stranger whose name is made to point at this machine (DNS rebinding) is
// same-origin to the browser, but the browser still sends the stranger's name.
import { isIP } from 'node:net';

const HOST = /^(?:\[([0-9a-f:.]{2,45})\]|([^:[\]]{1,253}))(?::\d{1,5})?$/i;
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const WILDCARDS = new Set(['0.0.0.0', '::']);

/**
 * Judges `Host` headers for a listener bound to `boundHost`: loopback names and the bound name itself. On a wildcard
 * address any IP address will do, since what needs no DNS cannot be rebound; other names are refused.
 * @param publicUrl where browsers are told to come, through a proxy: its name is ours as well
 */
export function hostPolicy(
  boundHost: string,
  publicUrl: string | null = null,
): (header: string | undefined) => boolean {
  const said = publicUrl === null ? [] : [new URL(publicUrl).hostname.toLowerCase()];
  const names = new Set([...LOOPBACK, boundHost.toLowerCase(), ...said]);
  const takesAddresses = WILDCARDS.has(boundHost);
  return (header) => {
    const [, address, plain] = HOST.exec(header ?? '') ?? [];
    const name = (address ?? plain)?.toLowerCase();
    return name !== undefined && (names.has(name) || (takesAddresses && isIP(name) !== 0));
  };
}
