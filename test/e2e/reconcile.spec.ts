// Our books against the vendor's own, through the whole product: with nothing seeded all is equal to the last token and
// cent; with one discrepancy seeded exactly its class is found.
import { apiKeyIdOf, type SimulatorConfigInput } from '../../apps/simulator/index.js';
import { startBed, UPSTREAM_KEY, type GatewayBed } from '../support/gateway-bed.js';
import { eventually } from '../support/poll.js';
import { runProgram } from '../support/product.js';
import { connect, textTurn } from '../support/voice-client.js';

const ADMIN = ['--admin-key', 'sk-admin-simulator'];
let bed: GatewayBed;
let days: readonly string[] | null = null;
beforeAll(async () => {
  bed = await startBed();
  const firstDay = today();
  await cli('reconcile', 'source', 'set', '--pool', 'default', '--api-key-ids', apiKeyIdOf(UPSTREAM_KEY));
  const { httpUrl, apiKey } = bed.product().ready;
  const voice = await connect(httpUrl, { apiKey });
  for (const text of ['Hello there.', 'Tell me about the weather.']) await textTurn(voice, text);
  await voice.close();
  // A run that passes midnight has two days to look at.
  days = [...new Set([firstDay, today()])];
  await eventually('the books are up to date', async () => ((await differences()).length === 0 ? true : null), 60_000);
}, 180_000);
afterAll(() => bed.stop(), 60_000);

const today = () => new Date().toISOString().slice(0, 10);
const nowS = () => Math.floor(Date.now() / 1000);

async function cli(...args: string[]): Promise<unknown> {
  const usage = args[0] === 'reconcile' ? ['--usage-url', `${bed.simulator.httpUrl}/v1`, ...ADMIN] : [];
  const { code, stdout, stderr } = await runProgram('cli', [...args, ...usage, '--json', '--data-dir', bed.dataDir]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

interface Run {
  readonly run: string;
  readonly equal: string;
  readonly differences: readonly string[];
  readonly alarming: string;
}
async function runs(): Promise<readonly Run[]> {
  const made: Run[] = [];
  for (const day of days ?? [today()]) made.push(...((await cli('reconcile', 'run', '--day', day)) as Run[]));
  return made;
}
const differences = async () => (await runs()).flatMap((run) => run.differences);

async function seeded(organization: NonNullable<SimulatorConfigInput['organization']>): Promise<readonly Run[]> {
  bed.simulator.configure({ organization });
  try {
    return await runs();
  } finally {
    bed.simulator.configure({ organization: { foreign: [], prices: {}, lineItems: [] } });
  }
}

describe('reconciliation', () => {
  it('finds both books equal when nothing is seeded', async () => {
    const made = await runs();
    expect(made.map(({ equal }) => /^(\d+) of \1$/.test(equal))).toEqual(made.map(() => true));
    expect(made[0]).toMatchObject({ differences: [], alarming: 'no' });
    expect(made[0]?.equal).not.toBe('0 of 0');
  }, 60_000);

  it('finds foreign use of our key, and of another key of the account, and is alarmed', async () => {
    const use = { at: nowS(), model: 'gpt-realtime', counts: { output_audio: 5_000 } };
    for (const key of [UPSTREAM_KEY, 'sk-somebody']) {
      const made = await seeded({ foreign: [{ ...use, key }] });
      expect(made.flatMap((run) => run.differences)).toEqual(['foreign_use']);
      expect(made.some((run) => run.alarming === 'yes')).toBe(true);
    }
  }, 60_000);

  it('finds a price that is not ours', async () => {
    const made = await seeded({ prices: { 'gpt-realtime': { output_text: '17' } } });
    const found = made.flatMap((run) => run.differences);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found)).toEqual(new Set(['price']));
  }, 60_000);

  it('finds a line item that nobody knows, shows it, and keeps what is said about it', async () => {
    const [made] = await seeded({ lineItems: [{ at: nowS(), name: 'web search, calls', usd: '2.5' }] });
    expect(made).toMatchObject({ differences: ['unknown_line_item'], alarming: 'yes' });
    const id = made?.run ?? '';
    await cli('reconcile', 'note', id, '--line', '1', '--text', 'asked OpenAI', '--actor', 'ann');
    const shown = (await cli('reconcile', 'show', id)) as object[];
    expect(shown[0]).toMatchObject({ what: 'web search, calls', amount_usd: '2.5', notes: ['ann: asked OpenAI'] });
    expect(await cli('reconcile', 'list', '--limit', '1')).toMatchObject([{ run: id, notes: 1 }]);
    await expect(cli('reconcile', 'note', id, '--line', '9', '--text', 'x')).rejects.toThrow('no line 9');
  }, 60_000);

  it('finds usage that was lost on the way to us', async () => {
    bed.simulator.configure({ faults: [{ at: 'before_response_done', action: 'missing_usage', times: 1 }] });
    const voice = await connect(bed.product().ready.httpUrl, { apiKey: bed.product().ready.apiKey });
    await textTurn(voice, 'This one comes without its usage.');
    await voice.close();
    const found = await eventually(
      'the loss is known',
      async () => {
        const classes = await differences();
        return classes.includes('lost_usage') && !classes.includes('foreign_use') ? classes : null;
      },
      60_000,
    );
    expect(new Set(found)).toEqual(new Set(['lost_usage']));
  }, 90_000);
});
