// Messages to somebody's own service (questions and notices of moderation, alerts), signed as Standard Webhooks describe it
// (standardwebhooks.com), so that ready-made libraries check them.
import { createHmac } from 'node:crypto';

const SECRET = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/;
// The standard asks for 24 to 64.
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

/** The key of a secret. @throws RangeError that says what a secret is. */
export function webhookKey(secret: string): Buffer {
  const key = Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64');
  if (key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX) return key;
  throw new RangeError(
    `the secret must be whsec_ and ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} random bytes in base64: ` +
      'echo "whsec_$(openssl rand -base64 32)"',
  );
}

/** What a signed message is sent with. @param id the same for the same message, however often it is sent. */
export function signedHeaders(
  key: Buffer,
  { id, atMs, body }: { readonly id: string; readonly atMs: number; readonly body: string },
) {
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'user-agent': 'Trunkline',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
