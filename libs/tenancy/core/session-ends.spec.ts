import { trustedId } from '@trunkline/kernel';
import { compileSessionEnds, type EndableSession, type SessionEnd } from './session-ends.js';

const end = (replacing: Partial<SessionEnd> = {}): SessionEnd => ({
  ...{ tenantId: trustedId('tnt', 'tnt_a'), keyId: null, sessionId: null, askedAtMs: 1_000 },
  ...replacing,
});
const session = (replacing: Partial<EndableSession> = {}): EndableSession => ({
  ...{ id: trustedId('ses', 'ses_a'), tenantId: trustedId('tnt', 'tnt_a') },
  ...{ keyId: trustedId('key', 'key_a'), openedAtMs: 500 },
  ...replacing,
});

describe('a request to end sessions', () => {
  it('by id means that session of that tenant, whenever it opened', () => {
    const meant = compileSessionEnds([end({ sessionId: trustedId('ses', 'ses_a') })]);
    expect(meant(session({ openedAtMs: 2_000 }))).toBe(true);
    expect(meant(session({ id: trustedId('ses', 'ses_b') }))).toBe(false);
    expect(meant(session({ tenantId: trustedId('tnt', 'tnt_b') }))).toBe(false);
  });

  it('of a key means what was open of it then, and nothing of another key', () => {
    const meant = compileSessionEnds([end({ keyId: trustedId('key', 'key_a') })]);
    expect(meant(session())).toBe(true);
    expect(meant(session({ openedAtMs: 1_001 }))).toBe(false);
    expect(meant(session({ keyId: trustedId('key', 'key_b') }))).toBe(false);
  });

  it('of a tenant means what was open of all its keys at the latest request', () => {
    const meant = compileSessionEnds([end({ askedAtMs: 3_000 }), end()]);
    expect(meant(session({ openedAtMs: 2_900 }))).toBe(true);
    expect(meant(session({ openedAtMs: 3_001 }))).toBe(false);
    expect(meant(session({ tenantId: trustedId('tnt', 'tnt_b') }))).toBe(false);
  });

  it('that nobody made ends nothing', () => expect(compileSessionEnds([])(session())).toBe(false));
});
