// How an address of Redis is written: one server, a set watched by sentinels, or a cluster. Guarantees that every problem
// says what to write and repeats nothing of the text, which may hold a password.

/** A server that may be asked where the others are. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Who asks, where Redis wants to know. */
export interface RedisLogin {
  readonly user: string | null;
  readonly password: string | null;
}

/** One server, as its plain address says. */
export interface SingleRedis {
  readonly kind: 'single';
  readonly url: string;
}

/** A master and its replicas; the sentinels know which of them is the master now. */
export interface SentinelRedis {
  readonly kind: 'sentinel';
  readonly nodes: readonly RedisNode[];
  readonly masterName: string;
  readonly db: number;
  /** To Redis and to the sentinels alike. */
  readonly isTls: boolean;
  readonly login: RedisLogin;
  readonly sentinelLogin: RedisLogin;
}

/** A cluster; any of its nodes knows the others. */
export interface ClusterRedis {
  readonly kind: 'cluster';
  readonly nodes: readonly RedisNode[];
  readonly isTls: boolean;
  readonly login: RedisLogin;
}

/** Where Redis is. */
export type RedisAddress = SingleRedis | SentinelRedis | ClusterRedis;

const SENTINEL_FORM = 'redis+sentinel://host1:26379,host2:26379/<master name>';
const CLUSTER_FORM = 'redis+cluster://host1:6379,host2:6379';
const FORMS = `must be an address such as redis://host:6379, ${SENTINEL_FORM} or ${CLUSTER_FORM} (rediss for TLS)`;
const SHAPE = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/?#]*)@)?([^@/?#]+)([^?#]*)(?:\?([^#]*))?$/;
const PORT_USUALLY = { sentinel: 26_379, cluster: 6_379 } as const;
const NODES_MAX = 100;
const DB = /^\d{1,5}$/;

/** An address, or what to write instead. */
export type ParsedRedisAddress = RedisAddress | { readonly kind: 'wrong'; readonly problem: string };

/** Parses an address. */
export function parseRedisAddress(text: string): ParsedRedisAddress {
  if (/^rediss?:\/\//.test(text) && URL.canParse(text)) return { kind: 'single', url: text };
  const [, scheme, kind, userinfo, hosts, path = '', query = ''] = SHAPE.exec(text) ?? [];
  if (hosts === undefined) return wrong(FORMS);
  const isTls = scheme === 'rediss';
  const login = loginOf(userinfo ?? '');
  if (login === null) return wrong('must write special characters of user and password encoded, such as %40 for @');
  if (kind === 'cluster') {
    if (path.replace('/', '') !== '' || query !== '')
      return wrong(`must have nothing behind the hosts of a cluster, which has one database: ${CLUSTER_FORM}`);
    const nodes = nodesOf(hosts, PORT_USUALLY.cluster);
    return nodes === null ? wrong(hostsProblem(CLUSTER_FORM)) : { kind, nodes, isTls, login };
  }
  const nodes = nodesOf(hosts, PORT_USUALLY.sentinel);
  if (nodes === null) return wrong(hostsProblem(SENTINEL_FORM));
  const sentinelLogin = sentinelLoginOf(query);
  if (sentinelLogin === null)
    return wrong('may have the parameters sentinel_user and sentinel_password behind its ?, and no others');
  return sentinelRedis({ nodes, isTls, login, sentinelLogin }, path);
}

type SentinelParts = Pick<SentinelRedis, 'nodes' | 'isTls' | 'login' | 'sentinelLogin'>;

function sentinelRedis(parts: SentinelParts, path: string): ParsedRedisAddress {
  const [, name = '', db = '0', ...more] = path.split('/');
  const masterName = decoded(name);
  if (masterName === null || masterName === '')
    return wrong(`must name the master that the sentinels watch: ${SENTINEL_FORM}`);
  if (!DB.test(db) || more.length > 0)
    return wrong(`must end in the number of a database or in the name of the master: ${SENTINEL_FORM}/0`);
  return { kind: 'sentinel', ...parts, masterName, db: Number(db) };
}

function hostsProblem(form: string): string {
  return `must list up to ${NODES_MAX} hosts as host:port, separated by commas: ${form}`;
}

function nodesOf(hosts: string, portUsually: number): readonly RedisNode[] | null {
  const nodes = hosts.split(',').map((text) => nodeOf(text, portUsually));
  const known = nodes.filter((node) => node !== null);
  return known.length === nodes.length && known.length <= NODES_MAX ? known : null;
}

function nodeOf(text: string, portUsually: number): RedisNode | null {
  if (text === '' || !URL.canParse(`redis://${text}`)) return null;
  const { hostname, port } = new URL(`redis://${text}`);
  if (hostname === '' || port === '0') return null;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? portUsually : Number(port) };
}

function loginOf(userinfo: string): RedisLogin | null {
  const [user = '', ...rest] = userinfo.split(':');
  const login = { user: decoded(user), password: decoded(rest.join(':')) };
  if (login.user === null || login.password === null) return null;
  return { user: login.user || null, password: login.password || null };
}

function sentinelLoginOf(query: string): RedisLogin | null {
  const parameters = new URLSearchParams(query);
  const isKnown = [...parameters.keys()].every((name) => name === 'sentinel_user' || name === 'sentinel_password');
  if (!isKnown) return null;
  return { user: parameters.get('sentinel_user'), password: parameters.get('sentinel_password') };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function wrong(problem: string): ParsedRedisAddress {
  return { kind: 'wrong', problem };
}
