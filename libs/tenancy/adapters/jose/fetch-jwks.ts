// Fetches the public keys of an issuer, from the address that the operator configured and from nowhere else: no redirect is
// followed, no address is taken from a token. Bounded in time and size.

const ANSWER_MS_MAX = 5_000;
const BYTES_MAX = 256 * 1024;

/** The JWKS as it came. @throws when it cannot be had. */
export async function fetchJwks(url: string, signal: AbortSignal): Promise<unknown> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
  const answer = await fetch(url, { redirect: 'error', signal: deadline, headers: { accept: 'application/json' } });
  if (!answer.ok || answer.body === null) throw new Error(`the address of the JWKS answered ${answer.status}`);
  const body: ReadableStream<Uint8Array> = answer.body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new Error(`the JWKS is larger than ${BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
