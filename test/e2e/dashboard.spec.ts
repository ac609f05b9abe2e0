// The dashboard in Chromium, on the real product: signing in, a call on the live board and its end, a talk in the playground, and
// every screen in both languages and both themes without a serious finding of axe, without a request to anywhere else, and within
// what a first visit may load.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type BrowserContext, type Page, type WebSocketRoute } from 'playwright-core';
import { z } from 'zod';
import { findChromium } from '../support/chromium.js';
import { ISSUER_CLIENT, startIssuer, type RunningIssuer } from '../support/issuer.js';
import { eventually } from '../support/poll.js';
import { makeDataDir, removeDataDir, runProgram, startProduct, type Product } from '../support/product.js';
import { connect, textTurn } from '../support/voice-client.js';

const BUILD = new URL('../../dist/apps/dashboard/', import.meta.url);
const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const FIRST_LOAD_BYTES_MAX = 250_000;
const HOSTILE = '"><img src=x onerror=alert(1)> بوت';

let product: Product;
let issuer: RunningIssuer;
let dataDir: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let apiKey = '';
const troubles: string[] = [];

const origin = () => new URL(product.ready.adminUrl).origin;
/** Everything that the page asks of anybody else, and everything that it or its policy complains about. */
const watch = (watched: Page) => {
  const own = [origin(), new URL(product.ready.httpUrl).origin].flatMap((one) => [one, one.replace(/^http/, 'ws')]);
  const isOwn = (url: string) => /^(data|blob):/.test(url) || own.some((one) => url.startsWith(one));
  watched.on('request', (request) => {
    if (!isOwn(request.url())) troubles.push(`asked ${request.url()}`);
  });
  watched.on('websocket', (socket) => {
    if (!isOwn(socket.url())) troubles.push(`opened ${socket.url()}`);
  });
  watched.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()} ${response.url()}`);
  });
  watched.on('pageerror', (error) => troubles.push(error.message));
  watched.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
};

beforeAll(async () => {
  [dataDir, issuer] = await Promise.all([makeDataDir(), startIssuer(() => ['admins'])]);
  const oidc = [
    '--oidc-issuer',
    issuer.address,
    '--oidc-client-id',
    ISSUER_CLIENT.id,
    '--oidc-group-roles',
    'admins=admin',
  ];
  [product, browser] = await Promise.all([
    startProduct({
      ...{ dataDir, flags: ['--drain-soft', '0s', ...oidc] },
      env: { TRUNKLINE_OIDC_CLIENT_SECRET: ISSUER_CLIENT.secret },
    }),
    chromium.launch({
      executablePath: findChromium(),
      args: ['--no-sandbox', '--disable-gpu', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
    }),
  ]);
  issuer.serve(`${origin()}/admin/sign-in/callback`);
  context = await browser.newContext({ viewport: { width: 1_360, height: 820 }, reducedMotion: 'reduce' });
  page = await context.newPage();
  watch(page);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await product.stop();
  await issuer.close();
  await removeDataDir(dataDir);
}, 60_000);

const Chunk = z.looseObject({
  file: z.string(),
  css: z.array(z.string()).default([]),
  imports: z.array(z.string()).default([]),
});

const Finding = z.object({
  id: z.string(),
  impact: z.string().nullable(),
  nodes: z.array(z.object({ html: z.string() })),
});
/** What axe finds. */
async function findingsOn(looked: Page) {
  const run = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))`;
  // Evaluated by the debugger's protocol: the page's own policy would take no script from outside.
  await looked.evaluate(AXE);
  return z.array(Finding).parse(await looked.evaluate(run));
}

describe('what a first visit loads', () => {
  it('is within 250 kB of gzip', () => {
    const manifest = z
      .record(z.string(), Chunk)
      .parse(JSON.parse(readFileSync(new URL('manifest.json', BUILD), 'utf8')));
    const files = new Set<string>(['index.html']);
    const add = (name: string): void => {
      const { file, css, imports } = Chunk.parse(manifest[name]);
      if (files.has(file)) return;
      for (const each of [file, ...css]) files.add(each);
      for (const each of imports) add(each);
    };
    add('index.html');
    const bytes = [...files].map((file) => gzipSync(readFileSync(new URL(file, BUILD))).length);
    expect(bytes.length).toBeGreaterThan(2);
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(FIRST_LOAD_BYTES_MAX);
  });
});

describe('signing in', () => {
  it('is explained to who is not, and happens by the one-time link', async () => {
    await page.goto(`${origin()}/admin`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(product.ready.adminUrl);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByText('SIMULATOR, not OpenAI').waitFor();
    // Before the sign-in the API refused, which the browser notes.
    troubles.length = 0;
  });

  it('lets the keyboard go past the navigation', async () => {
    await page.goto(`${origin()}/admin/overview`);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('screen');
  });
});

describe('a company’s issuer', () => {
  let ann: Page;
  const signIn = () => ann.getByRole('link', { name: `Sign in with ${new URL(issuer.address).host}` });
  beforeAll(async () => {
    ann = await (await browser.newContext({ viewport: { width: 1_360, height: 820 } })).newPage();
  });
  afterAll(() => ann.context().close());

  it('has a button, which leads back to where one wanted to go', async () => {
    await ann.goto(`${origin()}/admin/tenants?from=here`);
    await signIn().click();
    await ann.getByRole('heading', { level: 1, name: 'Tenants' }).waitFor();
    expect(ann.url()).toBe(`${origin()}/admin/tenants?from=here`);
  }, 60_000);

  /** In the window that the dialog opens. */
  const signInBeside = async () => {
    const [other] = await Promise.all([ann.waitForEvent('popup'), signIn().click()]);
    await other.getByRole('heading', { name: 'You are signed in' }).waitFor();
    await other.close();
  };

  it('is asked again for a fresh sign-in, and once it is over, without losing a filled form', async () => {
    await ann.goto(`${origin()}/admin/keys`);
    // Her sign-in at the issuer is not one of just now: a key is a secret.
    await ann.getByLabel('Name of a new key').fill('of ann');
    await ann.getByRole('button', { name: 'Create key' }).click();
    await ann.getByRole('dialog', { name: 'This needs a fresh sign-in' }).waitFor();
    expect(await findingsOn(ann)).toEqual([]);
    await signInBeside();
    await ann.getByText(/^tl_[0-9a-z]+$/).waitFor();
    await ann.getByLabel('Name of a new key').fill('another');
    await ann.context().clearCookies({ name: /^trunkline_admin/ });
    await ann.getByRole('button', { name: 'Create key' }).click();
    await ann.getByRole('dialog', { name: 'Your sign-in is over' }).waitFor();
    await signInBeside();
    // The issuer asked anew, so that it counts as of just now.
    await ann.getByRole('row').filter({ hasText: 'another' }).waitFor();
  }, 60_000);
});

describe('tenants and keys', () => {
  it('are made, and the key is shown once', async () => {
    await page.goto(`${origin()}/admin/tenants`);
    await page.getByLabel('Slug').fill('bots');
    await page.getByLabel('Name', { exact: true }).fill(HOSTILE);
    await page.getByRole('button', { name: 'Create tenant' }).click();
    await page.getByRole('row').filter({ hasText: HOSTILE }).waitFor();
    await page.goto(`${origin()}/admin/keys?tenant=bots`);
    await page.getByLabel('Name of a new key').fill('voice bot');
    await page.getByRole('button', { name: 'Create key' }).click();
    apiKey = await page.getByText(/^tl_[0-9a-z]+$/).innerText();
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('row').filter({ hasText: 'voice bot' }).waitFor();
    await page.reload();
    await page.getByRole('row').filter({ hasText: 'voice bot' }).waitFor();
    expect(await page.content()).not.toContain(apiKey);
  }, 60_000);
});

describe('the live board', () => {
  it('shows a call as it happens and ends it, and the record says who did', async () => {
    const client = await connect(product.ready.httpUrl, { apiKey });
    await textTurn(client, 'Hello there.');
    await page.goto(`${origin()}/admin/live`);
    const row = page.getByRole('row').filter({ hasText: 'voice bot' });
    await row.waitFor();
    expect(await row.innerText()).toContain(HOSTILE);
    await eventually('its cost', async () => (/0\.0\d*[1-9]/.test(await row.innerText()) ? true : null));
    await row.getByRole('button', { name: /^End/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'End this session' }).click();
    await page.getByText('No session is open.').waitFor();
    expect(await client.closed).toMatchObject({ code: 4502 });
    await page.goto(`${origin()}/admin/audit`);
    await page.getByRole('row').filter({ hasText: 'sessions:end' }).waitFor();
  }, 60_000);

  it('says that what it shows is old while the way to it is cut, and goes on by itself', async () => {
    const client = await connect(product.ready.httpUrl, { apiKey });
    const feeds: WebSocketRoute[] = [];
    let isCut = false;
    await page.routeWebSocket(/\/admin\/api\/v1\/live$/, (feed) => {
      if (isCut) return void feed.close({ code: 1011 });
      feeds.push(feed);
      feed.connectToServer();
    });
    await page.goto(`${origin()}/admin/live`);
    await page.getByRole('row').filter({ hasText: 'voice bot' }).waitFor();
    isCut = true;
    for (const feed of feeds) await feed.close({ code: 1011 });
    await page.getByText('Not connected').waitFor();
    // What was known stays in sight.
    expect(await page.getByRole('row').filter({ hasText: 'voice bot' }).count()).toBe(1);
    isCut = false;
    await page.getByText('Not connected').waitFor({ state: 'detached' });
    await client.close();
    await page.getByText('No session is open.').waitFor();
  }, 60_000);
});

describe('the playground', () => {
  it('talks through the gateway with a client secret, in writing and by microphone', async () => {
    await page.goto(`${origin()}/admin/playground`);
    await page.getByRole('button', { name: 'Begin' }).click();
    const events = page.getByRole('region', { name: 'Events' });
    await events.getByText('session.created').waitFor();
    await page.getByLabel('Say in writing').fill('Hello there.');
    await page.getByRole('button', { name: 'Send' }).click();
    await events.getByText('response.done').first().waitFor();
    await page.getByText(/^\d+ ms$/).waitFor();
    await page.getByRole('button', { name: 'Use the microphone' }).click();
    await events.getByText('input_audio_buffer.speech_started').first().waitFor({ timeout: 15_000 });
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('button', { name: 'Begin' }).waitFor();
    expect(await page.locator('[role=alert]').count()).toBe(0);
  }, 60_000);
});

describe('the review queue', () => {
  it('opens a case with what was said, takes it on, escalates and then decides it', async () => {
    const file = join(dataDir, 'watched.json');
    const watch = { type: 'terms', name: 'watch', onFailure: 'open', terms: [{ text: 'bomb', category: 'weapons' }] };
    const hooks = [{ ...watch, kinds: ['typed_text'], otherwise: { atLeast: 0.5, action: 'flag' } }];
    await writeFile(file, JSON.stringify({ version: 1, hooks, content: { keepDays: 1 } }));
    const set = ['moderation', 'set', 'bots', '--file', file, '--data-dir', dataDir];
    expect(await runProgram('cli', set)).toMatchObject({ code: 0 });
    const queue = `${origin()}/admin/reviews?tenant=bots`;
    await eventually('an item waits', async () => {
      const client = await connect(product.ready.httpUrl, { apiKey });
      await textTurn(client, `A bomb. ${HOSTILE}`);
      await client.close();
      await page.goto(queue);
      await page.getByRole('heading', { level: 2 }).waitFor();
      return (await page.getByRole('button', { name: 'Open', exact: true }).count()) > 0 ? true : null;
    });
    await page.getByRole('button', { name: 'Open', exact: true }).first().click();
    await page.getByRole('row').filter({ hasText: 'weapons 1.00' }).waitFor();
    await page.getByRole('button', { name: 'Show what was said' }).click();
    expect(await page.locator('blockquote').innerText()).toBe(`A bomb. ${HOSTILE}`);
    const steps = page.getByRole('region', { name: 'What reviewers did' });
    await steps.getByText('read what was said').waitFor();
    await page.getByRole('button', { name: 'Assign', exact: true }).click();
    await steps.getByText('gave it to').waitFor();
    for (const [decision, note] of [
      ['Escalate', 'not mine'],
      ['Uphold', HOSTILE],
    ] as const) {
      await page.getByLabel('Note, kept with the step').fill(note);
      await page.getByRole('button', { name: decision }).click();
      await page.getByRole('dialog').getByRole('button', { name: decision }).click();
      await steps.getByText(note).waitFor();
    }
    await page.getByText('decided: uphold').waitFor();
    expect(troubles).toEqual([]);
  }, 60_000);
});

describe('alerts', () => {
  it('show what is looked for, try a channel, and say what became of the message', async () => {
    const channel = { name: 'ops', kind: 'webhook', url: 'https://127.0.0.1:9/hook?token=canary' };
    const made = await page.evaluate(
      `fetch('/admin/api/v1/alerts/channels', { method: 'POST', headers: { 'content-type': 'application/json' },
        body: ${JSON.stringify(JSON.stringify(channel))} }).then((answer) => answer.status)`,
    );
    expect(made).toBe(201);
    await page.goto(`${origin()}/admin/alerts`);
    await page.getByRole('row').filter({ hasText: 'budget-used-up' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'ops' }).getByRole('button', { name: 'Test' }).click();
    await page.getByRole('row').filter({ hasText: 'channel ops' }).filter({ hasText: 'an address inside' }).waitFor();
    expect(await page.getByText('canary').count()).toBe(0);
    expect(troubles).toEqual([]);
  }, 60_000);
});

describe('every screen', () => {
  const screens = async () => {
    await page.goto(`${origin()}/admin/overview`);
    await page.getByRole('navigation').getByRole('link').first().waitFor();
    const links = await page.getByRole('navigation').getByRole('link').all();
    return Promise.all(links.map(async (link) => (await link.getAttribute('href')) ?? ''));
  };

  it.each([
    ['en', 'light'],
    ['ko', 'dark'],
  ])(
    'in %s and %s has no serious finding, and asks nobody else',
    async (language, theme) => {
      const paths = await screens();
      expect(paths.length).toBeGreaterThan(12);
      await page.evaluate(
        `localStorage.setItem('trunkline.language', '${language}'); localStorage.setItem('mantine-color-scheme-value', '${theme}')`,
      );
      for (const path of paths) {
        await page.goto(`${origin()}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await eventually(`${path} to have loaded`, async () =>
          (await page.locator('main [role=status] svg, main .mantine-Loader-root').count()) === 0 ? true : null,
        );
        expect({
          path,
          language: await page.evaluate('document.documentElement.lang'),
          findings: await findingsOn(page),
        }).toEqual({
          ...{ path, language, findings: [] },
        });
      }
      expect(troubles).toEqual([]);
    },
    120_000,
  );
});
