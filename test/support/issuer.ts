// A company's issuer on loopback: `oidc-provider`, which checks redirects, PKCE and nonces as it does anybody's. Takes everybody as Ann.
import { createServer, type RequestListener } from 'node:http';
import Provider from 'oidc-provider';
import { closeServer, listen } from '@trunkline/platform/http';

/** The client that it knows. */
export const ISSUER_CLIENT = { id: 'trunkline', secret: 'its-secret' } as const;

/** An issuer that runs. */
export interface RunningIssuer {
  /** As it calls itself. */
  readonly address: string;
  /** Begins to answer; before, it is not known where it may send browsers to. */
  serve(callback: string): void;
  close(): Promise<void>;
}

/** Starts it. @param groupsOf Ann's groups at each sign-in */
export async function startIssuer(groupsOf: () => readonly string[]): Promise<RunningIssuer> {
  let answer: RequestListener = (_request, response) => response.end();
  const server = createServer((request, response) => answer(request, response));
  const port = await listen(server, { host: '127.0.0.1', port: 0, flag: '--issuer' });
  const address = `http://127.0.0.1:${port}`;
  return {
    address,
    serve: (callback) => void (answer = issuerAt(address, callback, groupsOf)),
    close: () => closeServer(server),
  };
}

function issuerAt(address: string, callback: string, groupsOf: () => readonly string[]): RequestListener {
  const client = { client_id: ISSUER_CLIENT.id, client_secret: ISSUER_CLIENT.secret, redirect_uris: [callback] };
  const provider: Provider = new Provider(address, {
    clients: [{ ...client, token_endpoint_auth_method: 'client_secret_post' }],
    claims: { openid: ['sub', 'groups'], profile: ['name'], email: ['email'] },
    pkce: { required: () => true },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: 'Ann Lee', email: 'ann@example.com', groups: [...groupsOf()] }),
    }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['only for tests'] },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({
        ...(oidc.client === undefined ? {} : { clientId: oidc.client.clientId }),
        ...(oidc.session?.accountId === undefined ? {} : { accountId: oidc.session.accountId }),
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  return (request, response) => {
    if (request.url?.startsWith('/interaction/') === true)
      void provider.interactionFinished(request, response, { login: { accountId: 'ann' } });
    else void handle(request, response);
  };
}
