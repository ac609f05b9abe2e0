// Every setting of Trunkline: its name in the environment, its flag, how it is written, what it is when nobody says, and
// what it means. This table is the documentation (`--help` prints it), the parser, and the list against which misspelt
// names are compared. A setting without a default leaves the value to the part that it belongs to.
import { z } from 'zod';
import * as values from './values.js';

const MIB = 1024 ** 2;

/** The one schema. Input: the text of each setting that was given. */
export const ConfigSchema = z.object({
  host: values.host.prefault('127.0.0.1'),
  httpPort: values.port.prefault('8080'),
  httpsPort: values.port.prefault('8443'),
  adminPort: values.port.prefault('8081'),
  metricsPort: values.port.prefault('9464'),
  apiUrl: values.baseUrl.nullable().prefault(null),
  adminUrl: values.baseUrl.nullable().prefault(null),
  oidcIssuer: values.storeUrl(['https:', 'http:'], 'https://login.example.com').nullable().prefault(null),
  oidcClientId: z.string().min(1).nullable().prefault(null),
  oidcClientSecret: values.secret.nullable().prefault(null),
  oidcScopes: z.string().min(1).prefault('openid profile email'),
  oidcGroupsClaim: z.string().min(1).prefault('groups'),
  oidcGroupRoles: z.string().prefault(''),
  dataDir: values.path.prefault('./data'),
  databaseUrl: values
    .storeUrl(['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/trunkline')
    .nullable()
    .prefault(null),
  postgresPort: values.port.prefault('0'),
  redis: values.redisAddress.nullable().prefault(null),
  redisSentinelPassword: values.secret.nullable().prefault(null),
  upstreamUrl: values.baseUrl.nullable().prefault(null),
  upstreamKey: values.secret.nullable().prefault(null),
  usageUrl: values.baseUrl.nullable().prefault(null),
  adminKey: values.secret.nullable().prefault(null),
  upstreamCaFile: values.path.nullable().prefault(null),
  keyPepper: values.secret
    .refine((text) => text.length >= 32, { error: 'must have at least 32 characters' })
    .nullable()
    .prefault(null),
  contentKey: values.secret
    .refine((text) => text.length >= 32, { error: 'must have at least 32 characters' })
    .nullable()
    .prefault(null),
  tlsCertFile: values.path.nullable().prefault(null),
  tlsKeyFile: values.path.nullable().prefault(null),
  exportDir: values.path.nullable().prefault(null),
  exportKeepDays: values.wholeNumber(1, 3_650).prefault('400'),
  exportS3Endpoint: values.baseUrl.nullable().prefault(null),
  exportS3Region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, { error: 'must be the name of a region' })
    .prefault('us-east-1'),
  exportS3KeyId: values.secret.nullable().prefault(null),
  exportS3Secret: values.secret.nullable().prefault(null),
  singlePerson: z.enum(['allow', 'refuse'], { error: 'must be allow or refuse' }).prefault('refuse'),
  webhookAllow: values.outboundExceptions.nullable().prefault(null),
  smtpUrl: values.storeUrl(['smtp:', 'smtps:'], 'smtp://user:password@mail.example.com:587').nullable().prefault(null),
  smtpFrom: values.mailAddress.nullable().prefault(null),
  smtpTls: z
    .enum(['require', 'if_offered', 'never'], { error: 'must be require, if_offered or never' })
    .prefault('require'),
  smtpCaFile: values.path.nullable().prefault(null),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], { error: 'must be debug, info, warn, error or silent' })
    .prefault('info'),
  seedCaps: values.wholeNumber(1, 100_000).prefault('100'),
  spoolBytesMax: values.bytes(1024 * 1024 * MIB).prefault('1GiB'),
  drainSoftMs: values.duration.prefault('10m'),
  drainMaxMs: values.duration.prefault('1h'),
  leaseTtlMs: values.duration.optional(),
  leasePendingTtlMs: values.duration.optional(),
  redisAway: z.enum(['refuse', 'static-share'], { error: 'must be refuse or static-share' }).prefault('refuse'),
  cutOff: z.enum(['keep', 'end'], { error: 'must be keep or end' }).prefault('keep'),
  messageBytesMax: values.bytes(16 * MIB).optional(),
  fragmentsMax: values.wholeNumber(1, 100_000).optional(),
  highWaterBytes: values.bytes(64 * MIB).optional(),
  lowWaterBytes: values.bytes(64 * MIB).optional(),
  hardCapBytes: values.bytes(256 * MIB).optional(),
  pausedMsMax: values.duration.optional(),
  idleMsMax: values.durationOrNone.optional(),
  durationMsMax: values.durationOrNone.optional(),
  pingIntervalMs: values.duration.optional(),
  deadPeerMs: values.duration.optional(),
});

/** All settings, parsed. */
export type Settings = z.output<typeof ConfigSchema>;
/** The name by which code knows a setting. */
export type SettingKey = keyof Settings;

/** Where a setting comes from and what it means. */
export interface SettingSpec {
  /** Names in the environment; the first one that is set counts. */
  readonly env: readonly [string, ...string[]];
  readonly flag: string;
  readonly help: string;
  /** Holds a secret: may also come from a file (`NAME_FILE`, `--flag-file`), and is never shown. */
  readonly secret?: true;
}

/** The table. Flags beat the environment. */
export const SETTINGS: Readonly<Record<SettingKey, SettingSpec>> = {
  host: setting('HOST', 'address to listen on; 0.0.0.0 lets other machines in'),
  httpPort: setting('HTTP_PORT', 'apps connect here, ws: and http:'),
  httpsPort: setting('HTTPS_PORT', 'apps connect here, wss: and https:'),
  adminPort: setting('ADMIN_PORT', 'admin API and dashboard'),
  metricsPort: setting('METRICS_PORT', '/metrics, /livez and /readyz'),
  adminUrl: setting('ADMIN_URL', 'where browsers reach the admin port, behind a TLS proxy say; as they say themselves'),
  oidcIssuer: setting('OIDC_ISSUER', 'issuer (OpenID Connect) at which people sign in to the admin port'),
  oidcClientId: setting('OIDC_CLIENT_ID', 'what the issuer knows Trunkline by'),
  oidcClientSecret: { ...setting('OIDC_CLIENT_SECRET', 'its secret there, where it has one'), secret: true },
  oidcScopes: setting('OIDC_SCOPES', 'what is asked of the issuer; some want one more for groups'),
  oidcGroupsClaim: setting('OIDC_GROUPS_CLAIM', 'the claim that lists the groups of somebody'),
  oidcGroupRoles: setting(
    'OIDC_GROUP_ROLES',
    'what groups are here: tl-admins=admin,acme-leads=tenant_admin@acme; others may do nothing',
  ),
  apiUrl: setting('API_URL', 'admin port of the API, where a gateway of its own asks for /v1/organization/*'),
  dataDir: setting('DATA_DIR', 'folder for the embedded database, the spool, secrets and certificates'),
  databaseUrl: {
    env: ['DATABASE_URL'],
    flag: '--database-url',
    help: 'PostgreSQL to use instead of the embedded one',
    secret: true,
  },
  postgresPort: setting('POSTGRES_PORT', 'loopback port of the embedded PostgreSQL; 0 picks one and keeps it'),
  redis: {
    env: ['REDIS_URL'],
    flag: '--redis-url',
    help:
      'Redis for leases, needed for more than one gateway: redis://host:6379, ' +
      'redis+sentinel://host1:26379,host2:26379/<master name>, redis+cluster://host1:6379,host2:6379, or each with ' +
      'rediss for TLS; without it leases live in this process',
    secret: true,
  },
  redisSentinelPassword: {
    env: ['REDIS_SENTINEL_PASSWORD'],
    flag: '--redis-sentinel-password',
    help: 'password of the sentinels, where they want one and the address does not have it as ?sentinel_password=',
    secret: true,
  },
  upstreamUrl: {
    env: ['TRUNKLINE_UPSTREAM_URL', 'OPENAI_BASE_URL'],
    flag: '--upstream-url',
    help: 'base address of the upstream; https://api.openai.com/v1 when a key is given, the simulator when none is',
  },
  upstreamKey: {
    env: ['TRUNKLINE_UPSTREAM_KEY', 'OPENAI_API_KEY'],
    flag: '--upstream-key',
    help: 'key of the upstream account',
    secret: true,
  },
  usageUrl: setting('USAGE_URL', "base address of the upstream's usage API, for reconciliation; that of the upstream"),
  adminKey: {
    env: ['TRUNKLINE_ADMIN_KEY', 'OPENAI_ADMIN_KEY'],
    flag: '--admin-key',
    help: "admin key of the upstream account: daily reconciliation with the vendor's own books",
    secret: true,
  },
  upstreamCaFile: setting(
    'UPSTREAM_CA_FILE',
    'certificate authority (PEM) to trust for the upstream, beside the public ones',
  ),
  keyPepper: {
    env: ['TRUNKLINE_KEY_PEPPER'],
    flag: '--key-pepper',
    help: 'secret under which API keys are stored, the same on every replica; made in the data folder when not given',
    secret: true,
  },
  contentKey: {
    ...setting(
      'CONTENT_KEY',
      'secret that seals what moderation policies keep of conversations, the same on every replica, the API and the command line; ' +
        'made from the key pepper when not given',
    ),
    secret: true,
  },
  tlsCertFile: setting('TLS_CERT_FILE', 'certificate chain (PEM) for https; a local one is made when not given'),
  tlsKeyFile: setting('TLS_KEY_FILE', 'private key (PEM) of that certificate'),
  exportDir: setting('EXPORT_DIR', 'folder that keeps exports, shared by worker and API; exports in the data folder'),
  exportKeepDays: setting('EXPORT_KEEP_DAYS', 'days after which the files of an export are thrown away'),
  exportS3Endpoint: setting('EXPORT_S3_ENDPOINT', 'address of the store of buckets that exports are delivered to'),
  exportS3Region: setting('EXPORT_S3_REGION', 'region of that store'),
  exportS3KeyId: { ...setting('EXPORT_S3_KEY_ID', 'access key id of that store'), secret: true },
  exportS3Secret: { ...setting('EXPORT_S3_SECRET', 'secret access key of that store'), secret: true },
  webhookAllow: setting(
    'WEBHOOK_ALLOW',
    'addresses inside that webhooks of tenants may ask, with commas between: networks (10.20.0.0/16), hosts, or ' +
      'origins, which may be plain http (http://127.0.0.1:9000)',
  ),
  singlePerson: setting(
    'SINGLE_PERSON',
    'allow: one person may approve their own prices and close months alone over the API, on the record; or refuse',
  ),
  smtpUrl: {
    ...setting('SMTP_URL', 'mail server for alerts: smtp://user:password@host:587 (STARTTLS) or smtps://host:465'),
    secret: true,
  },
  smtpFrom: setting('SMTP_FROM', 'the address that mail of alerts comes from'),
  smtpTls: setting(
    'SMTP_TLS',
    'require: no mail without TLS; if_offered; or never. A password is never sent without TLS',
  ),
  smtpCaFile: setting('SMTP_CA_FILE', 'certificate authority (PEM) of the mail server, in place of the public ones'),
  logLevel: setting('LOG_LEVEL', 'debug, info, warn, error or silent'),
  seedCaps: setting('SEED_CAPS', 'session cap of the pool and the tenant that a first start makes'),
  spoolBytesMax: setting(
    'SPOOL_BYTES_MAX',
    'room for usage events while the database is away; new sessions are refused when it is used up',
  ),
  drainSoftMs: setting(
    'DRAIN_SOFT',
    'after SIGTERM, how long sessions go on before they end at their next turn boundary',
  ),
  drainMaxMs: setting('DRAIN_MAX', 'after SIGTERM, when the last session is ended'),
  leaseTtlMs: setting('LEASE_TTL', 'how soon the lines of a killed gateway are free'),
  leasePendingTtlMs: setting('LEASE_PENDING_TTL', 'how soon a line is free whose dial never finished'),
  redisAway: setting(
    'REDIS_AWAY',
    'while Redis is away: refuse new sessions, or static-share to let a key take over lines of its own that end meanwhile, until they may lapse',
  ),
  cutOff: setting(
    'CUT_OFF',
    'live sessions whose lines could not be renewed in time: keep them, or end them so that no cap is ever passed',
  ),
  messageBytesMax: setting('MESSAGE_BYTES_MAX', 'largest message, all fragments together'),
  fragmentsMax: setting('FRAGMENTS_MAX', 'most frames that one message may be split into'),
  highWaterBytes: setting('HIGH_WATER_BYTES', 'bytes waiting for a slow receiver at which its sender is paused'),
  lowWaterBytes: setting('LOW_WATER_BYTES', 'bytes waiting at which the sender goes on'),
  hardCapBytes: setting('HARD_CAP_BYTES', 'bytes waiting at which the session is ended'),
  pausedMsMax: setting('PAUSED_MAX', 'how long a sender may be paused before the session is ended'),
  idleMsMax: setting('IDLE_MAX', 'longest time without a message, or none'),
  durationMsMax: setting('DURATION_MAX', 'longest session, or none'),
  pingIntervalMs: setting('PING_INTERVAL', 'how often each side is pinged'),
  deadPeerMs: setting('DEAD_PEER', 'how long a side may be silent, pings notwithstanding'),
};

/** Flags that are switches and no settings. */
export const SWITCHES = {
  '--json': 'print one JSON line on standard output when ready; the log goes to standard error',
  '--print-config': 'print the settings in force, without secrets, and end',
  '--help': 'print this and end',
} as const satisfies Record<string, string>;

export type Switch = keyof typeof SWITCHES;

/** The settings, in the order of the table. */
export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTINGS).filter(isSettingKey);

/** Whether a text names a setting. */
export function isSettingKey(text: string): text is SettingKey {
  return Object.hasOwn(SETTINGS, text);
}

function setting(name: string, help: string): SettingSpec {
  return { env: [`TRUNKLINE_${name}`], flag: `--${name.toLowerCase().replaceAll('_', '-')}`, help };
}
