// Errors that speak of the account behind the gateway. OpenAI words them for its owner: they name the organisation, the
// limit that all tenants share and how much of it is used, or quote the key. No tenant may see that (promise P9), so the
// text is replaced and the rest of the error, which SDKs decide by, stays.
const TEXTS: Readonly<Record<string, string>> = {
  rate_limit_exceeded: 'The model provider takes no more right now. Try again in a few seconds.',
  insufficient_quota: "The model provider's account has no quota left. Tell the gateway's operator.",
  invalid_api_key: "The model provider refused the gateway's credentials. Tell the gateway's operator.",
  invalid_organization: "The model provider refused the gateway's credentials. Tell the gateway's operator.",
};

type Json = Readonly<Record<string, unknown>>;

/** The error as a tenant may see it; null when it may be shown as it is. */
export function withoutAccount(error: Json): Json | null {
  const { code } = error;
  if (typeof code !== 'string' || !Object.hasOwn(TEXTS, code)) return null;
  return { ...error, message: TEXTS[code] };
}
