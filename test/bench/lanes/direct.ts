// The lane without a proxy: what the load client and the upstream cost by themselves. Latency over this is "added".
import { type Lane, localTarget } from './lane.js';

/** Clients dial the upstream. */
export const direct: Lane = {
  name: 'direct',
  about: 'no proxy: client and upstream alone',
  start: async ({ upstream }) => ({
    target: localTarget(upstream.plain),
    proxyPids: [],
    asidePids: [],
    metricsUrl: null,
    stop: async () => {},
  }),
};

/** The same over TLS, for the TLS lanes. */
export const directTls: Lane = {
  name: 'direct-tls',
  about: 'no proxy, TLS',
  start: async (context) => ({
    ...(await direct.start(context)),
    target: localTarget(context.upstream.tls, context.certificate),
  }),
};
