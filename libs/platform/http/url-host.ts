/** The host of an address on which we listen, as other programs on this machine can dial it: a wildcard is no place. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
