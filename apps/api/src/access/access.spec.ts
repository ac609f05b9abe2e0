import { randomBytes } from 'node:crypto';
import { hostPolicy } from './host-names.js';
import { LINK_MS_MAX, OneTimeLink } from './one-time-link.js';

const machine = () => {
  let ms = 1_000;
  const clock = { nowMs: () => ms, monotonicMs: () => ms };
  return { sources: { clock, randomBytes }, pass: (by: number) => (ms += by) };
};

describe('the one-time link', () => {
  it('works once', () => {
    const link = new OneTimeLink(machine().sources);
    const token = link.issue();
    expect(link.redeem(token)).toBe(true);
    expect(link.redeem(token)).toBe(false);
  });

  it('holds at least 128 random bits', () => {
    expect(Buffer.from(new OneTimeLink(machine().sources).issue(), 'base64url').length * 8).toBeGreaterThanOrEqual(128);
  });

  it('is not used up by a wrong token of any length', () => {
    const link = new OneTimeLink(machine().sources);
    const token = link.issue();
    for (const wrong of ['', 'x', `${token}x`, token.slice(1), 'x'.repeat(10_000)])
      expect(link.redeem(wrong)).toBe(false);
    expect(link.redeem(token)).toBe(true);
  });

  it('works for 24 hours and no longer', () => {
    const { sources, pass } = machine();
    const link = new OneTimeLink(sources);
    const early = link.issue();
    pass(LINK_MS_MAX - 1);
    expect(link.redeem(early)).toBe(true);
    const late = link.issue();
    pass(LINK_MS_MAX);
    expect(link.redeem(late)).toBe(false);
  });

  it('ends the one before', () => {
    const link = new OneTimeLink(machine().sources);
    const first = link.issue();
    const second = link.issue();
    expect(link.redeem(first)).toBe(false);
    expect(link.redeem(second)).toBe(true);
  });
});

describe('host names', () => {
  const accepted = (boundHost: string, headers: readonly (string | undefined)[]) =>
    headers.filter((header) => hostPolicy(boundHost)(header));
  const strangers = [
    'evil.example',
    'evil.example:8081',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost@evil',
    '',
    undefined,
    '[::1',
    'a:b:c',
    ':8081',
    '127.0.0.1:port',
  ];

  it('are loopback ones, with any port and in any case', () => {
    const ours = ['localhost', 'LocalHost:8081', '127.0.0.1:1', '[::1]:8081', '[::1]'];
    expect(accepted('127.0.0.1', ours)).toEqual(ours);
  });

  it('are never a stranger’s, whatever the address that is bound', () => {
    for (const bound of ['127.0.0.1', '0.0.0.0', '::', '10.0.0.5', 'admin.internal'])
      expect(accepted(bound, strangers)).toEqual([]);
  });

  it('include the bound name and no neighbour of it', () => {
    expect(accepted('admin.internal', ['admin.internal:8081', 'x.admin.internal', '10.0.0.5'])).toEqual([
      'admin.internal:8081',
    ]);
  });

  it('include IP addresses on a wildcard address only', () => {
    const addresses = ['10.0.0.5:8081', '[fd00::5]:8081'];
    expect(accepted('0.0.0.0', addresses)).toEqual(addresses);
    expect(accepted('127.0.0.1', addresses)).toEqual([]);
  });
});
