import { randomBytes } from 'node:crypto';
import { trustedId } from '@trunkline/kernel';
import { secretSeal } from '@trunkline/platform/secrets';
import { openSealedText, SessionSeal } from './content-seal.js';

const WRAP = secretSeal('a secret only for tests');
const OWNER = { tenantId: trustedId('tnt', 'tnt_a'), sessionId: trustedId('ses', 'ses_a') };
const FINDING = trustedId('mfd', 'mfd_a');
const SAID = 'the canary sings \u{1f426} at noon';

const sealOf = () => new SessionSeal(OWNER, WRAP, randomBytes);

describe('kept content', () => {
  it('opens with the key of its session, as that of its finding', () => {
    expect(openSealedText(sealOf().seal(FINDING, SAID), { ...OWNER, findingId: FINDING }, WRAP)).toBe(SAID);
  });

  it('opens what earlier releases sealed, for ever', () => {
    expect(openSealedText(FROZEN, { ...OWNER, findingId: FINDING }, WRAP)).toBe(SAID);
  });

  it('opens for nobody else', () => {
    const sealed = sealOf().seal(FINDING, SAID);
    const at = { ...OWNER, findingId: FINDING };
    expect(openSealedText(sealed, { ...at, sessionId: trustedId('ses', 'ses_b') }, WRAP)).toBeNull();
    expect(openSealedText(sealed, { ...at, tenantId: trustedId('tnt', 'tnt_b') }, WRAP)).toBeNull();
    expect(openSealedText(sealed, { ...at, findingId: trustedId('mfd', 'mfd_b') }, WRAP)).toBeNull();
    expect(openSealedText(sealed, at, secretSeal('another secret for tests'))).toBeNull();
    const { wrappedKey } = sealOf().seal(FINDING, SAID);
    expect(openSealedText({ ...sealed, wrappedKey }, at, WRAP)).toBeNull();
  });

  it('does not open when a bit of it is another, or it was never sealed', () => {
    const { sealed, wrappedKey } = sealOf().seal(FINDING, SAID);
    const at = { ...OWNER, findingId: FINDING };
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    for (let byte = 0; byte < bytes.length; byte++) {
      const changed = Buffer.from(bytes);
      changed[byte] = (changed[byte] ?? 0) ^ 1;
      expect(openSealedText({ sealed: `c1.${changed.toString('base64url')}`, wrappedKey }, at, WRAP)).toBeNull();
    }
    for (const text of ['', 'c1.', 'c1.AAAA', 'plain', `c2.${sealed.slice(3)}`])
      expect(openSealedText({ sealed: text, wrappedKey }, at, WRAP)).toBeNull();
  });

  it('shows nothing of what was said, nor that it was said twice', () => {
    const seal = sealOf();
    const [once, twice] = [seal.seal(FINDING, SAID), seal.seal(FINDING, SAID)];
    expect(once.sealed).not.toBe(twice.sealed);
    expect(once.wrappedKey).toBe(twice.wrappedKey);
    expect(Buffer.from(once.sealed.slice(3), 'base64url').toString('latin1')).not.toContain('canary');
  });
});

const FROZEN = {
  sealed: 'c1.CQkJCQkJCQkJCQkJc0LJ6kXOYixPZCyui4suYhlUzOL3xf3UcrpYwYAEfGp8fuRwfZVhQPcZgfSn',
  wrappedKey: 'v1.pDlKKtXpgsNX0dD6Ugxm8JPZdXlf1WqcIPJ02iuafvD10PMzd1GVJ2UTwhOCXNlOXth8i2vWlwbt3MKUwYEpqxZ5_YeMXfU',
};
