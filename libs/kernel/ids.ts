// Branded ids and how they are minted. An id is a prefix, a time part and a random part, so that ids of one kind sort
// by creation, can be told apart in logs, and cannot be guessed (80 random bits). Parsing checks the shape only;
// whether the thing exists is for its owner to say.
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type TenantId = Branded<'TenantId'>;
export type ApiKeyId = Branded<'ApiKeyId'>;
export type SessionId = Branded<'SessionId'>;
export type PoolId = Branded<'PoolId'>;
export type UsageEventId = Branded<'UsageEventId'>;
export type PriceVersionId = Branded<'PriceVersionId'>;
export type PriceChangeId = Branded<'PriceChangeId'>;
export type ReplicaId = Branded<'ReplicaId'>;
export type ExportRunId = Branded<'ExportRunId'>;
export type ExportScheduleId = Branded<'ExportScheduleId'>;
export type ModerationFindingId = Branded<'ModerationFindingId'>;
export type ReviewItemId = Branded<'ReviewItemId'>;
export type RefusedCallsId = Branded<'RefusedCallsId'>;
export type JwtIssuerId = Branded<'JwtIssuerId'>;
export type ClientSecretId = Branded<'ClientSecretId'>;
export type MemberId = Branded<'MemberId'>;
export type GrantId = Branded<'GrantId'>;
export type AdminSessionId = Branded<'AdminSessionId'>;
export type ApiTokenId = Branded<'ApiTokenId'>;
export type AuditEntryId = Branded<'AuditEntryId'>;
export type AlertRuleId = Branded<'AlertRuleId'>;
export type AlertChannelId = Branded<'AlertChannelId'>;
export type AlertId = Branded<'AlertId'>;
export type AlertDeliveryId = Branded<'AlertDeliveryId'>;

interface IdKinds {
  tnt: TenantId;
  key: ApiKeyId;
  ses: SessionId;
  pool: PoolId;
  pv: PriceVersionId;
  pch: PriceChangeId;
  rep: ReplicaId;
  exp: ExportRunId;
  sched: ExportScheduleId;
  mfd: ModerationFindingId;
  mri: ReviewItemId;
  rfc: RefusedCallsId;
  ecs: ClientSecretId;
  mbr: MemberId;
  grt: GrantId;
  ads: AdminSessionId;
  tok: ApiTokenId;
  aud: AuditEntryId;
  iss: JwtIssuerId;
  alr: AlertRuleId;
  alc: AlertChannelId;
  alt: AlertId;
  ald: AlertDeliveryId;
}
/** The prefix of a minted id, e.g. `ses` in `ses_01j…`. */
export type IdPrefix = keyof IdKinds;

// Crockford's base 32: no letters that are read as digits, sorts like the number it encodes.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 10;
const RANDOM_BYTES = 10;
const SHAPE = /^[a-z]{2,6}_[0-9a-hjkmnp-tv-z]{26}$/;

/**
 * Mints an id such as `ses_01jdabcd…` (prefix, `_`, 10 characters of milliseconds, 16 random characters).
 * @param nowMs Unix time in milliseconds.
 * @param randomBytes source of randomness, at least 10 bytes per call (`crypto.randomBytes` in production).
 */
export function mintId<P extends IdPrefix>(
  prefix: P,
  nowMs: number,
  randomBytes: (n: number) => Uint8Array,
): IdKinds[P] {
  let time = '';
  for (let rest = BigInt(nowMs), i = 0; i < TIME_CHARS; i++, rest >>= 5n) time = charAt(Number(rest & 31n)) + time;
  return `${prefix}_${time}${base32(randomBytes(RANDOM_BYTES))}` as IdKinds[P];
}

/** When a minted id was minted, Unix milliseconds. @throws RangeError for what is not a minted id. */
export function mintedAtMs(id: string): number {
  if (!SHAPE.test(id)) throw new RangeError(`"${id}" is not a minted id`);
  const start = id.indexOf('_') + 1;
  return [...id.slice(start, start + TIME_CHARS)].reduce((ms, char) => ms * 32 + ALPHABET.indexOf(char), 0);
}

/** Reads an id of the given kind, or null when the text has another shape or prefix. */
export function parseId<P extends IdPrefix>(prefix: P, text: string): IdKinds[P] | null {
  return SHAPE.test(text) && text.startsWith(`${prefix}_`) ? (text as IdKinds[P]) : null;
}

/** Trusts a text that this system stored itself (a database column, a spool record) to be an id of that kind. */
export function trustedId<P extends IdPrefix>(_prefix: P, text: string): IdKinds[P] {
  return text as IdKinds[P];
}

/** Lower-case base 32 (Crockford) of the bytes; 5 bits a character, the last one padded with zero bits. */
export function base32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) out += charAt((value >>> (bits - 5)) & 31);
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? out + charAt((value << (5 - bits)) & 31) : out;
}

function charAt(index: number): string {
  return ALPHABET.charAt(index);
}
