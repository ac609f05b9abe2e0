import { openedSecret, withSecretsSealed } from './hook-spec.js';
import { parseModerationPolicy } from './policy.js';

const WEBHOOK = { type: 'webhook', url: 'https://hooks.example.com/judge', secret: 'whsec_abc' };

function policyOf(...hooks: readonly object[]) {
  const parsed = parseModerationPolicy({ version: 1, hooks });
  if (!parsed.ok) throw new Error(parsed.error.join('; '));
  return parsed.value;
}

describe('the secrets of a policy', () => {
  const policy = policyOf({ ...WEBHOOK, name: 'ours', onFailure: 'closed' });

  it('are sealed before it is stored, once', () => {
    const sealed = withSecretsSealed(policy, (secret) => `v1.${[...secret].reverse().join('')}`);
    expect(JSON.stringify(sealed)).not.toContain('whsec_');
    expect(withSecretsSealed(sealed, () => 'again')).toEqual(sealed);
    expect(policyOf(...sealed.hooks)).toEqual(sealed);
  });

  it('are sealed where notices are signed, too', () => {
    const notify = { url: 'https://hooks.example.com/told', secret: 'whsec_abc' };
    const sealed = withSecretsSealed({ hooks: [], notify }, () => 'v1.x');
    expect(sealed.notify).toEqual({ ...notify, secret: 'sealed:v1.x' });
  });

  it('are opened by whom they were sealed for, or are as they were given', () => {
    expect(openedSecret('whsec_abc', () => null)).toBe('whsec_abc');
    expect(openedSecret('sealed:v1.x', (sealed) => (sealed === 'v1.x' ? 'whsec_abc' : null))).toBe('whsec_abc');
    expect(openedSecret('sealed:v1.y', () => null)).toBeNull();
  });
});

it.each([
  ['no address', { url: 'hooks.example.com' }, 'url'],
  ['another scheme', { url: 'file:///etc/passwd' }, 'url'],
  ['no secret', { secret: '' }, 'secret'],
  ['a rule for its verdict', { otherwise: { atLeast: 0, action: 'flag' } }, ''],
])('a webhook with %s is refused by its place', (_what, rest, place) => {
  const parsed = parseModerationPolicy({
    version: 1,
    hooks: [{ ...WEBHOOK, name: 'ours', onFailure: 'open', ...rest }],
  });
  expect(parsed).toMatchObject({ ok: false });
  if (!parsed.ok) expect(parsed.error[0]).toMatch(new RegExp(`^hooks\\.0${place === '' ? '' : `\\.${place}`}: `));
});
