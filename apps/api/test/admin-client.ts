// A browser for specs: plain requests with any headers, `Host` too (which fetch does not let one set).
import { request } from 'node:http';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** One request; `path` goes out as it is. */
export function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {} }: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

/** Opens a one-time link; the answer's cookie as a browser would send it back. */
export async function openLink(link: string): Promise<{ readonly answer: Answer; readonly cookie: string }> {
  const url = new URL(link);
  const answer = await ask(Number(url.port), `${url.pathname}${url.search}`);
  const set = answer.headers['set-cookie'];
  return { answer, cookie: (Array.isArray(set) ? String(set[0]) : '').split(';')[0] ?? '' };
}
