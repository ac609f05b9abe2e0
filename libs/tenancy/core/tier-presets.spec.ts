import { tierPreset, TIERS } from './tier-presets.js';

describe('a tier preset', () => {
  it('fills the documented cap of gpt-live-1 and no cap in total', () => {
    const filled = TIERS.map((tier) => tierPreset({ tier, caps: 'documented' }));
    expect(filled.map((preset) => [...(preset?.familyCaps ?? [])])).toEqual(
      [25, 50, 200, 300, 500].map((cap) => [['gpt-live-1', cap]]),
    );
    expect(filled.map((preset) => preset?.sessionsMax)).toEqual([null, null, null, null, null]);
  });

  it('names what it leaves open', () => {
    const gaps = (caps: 'documented' | 'launch') => tierPreset({ tier: 5, caps })?.gaps.map(({ cap }) => cap);
    expect(gaps('documented')).toEqual(['gpt-live-1.1', 'tokens per minute', 'sessions in total']);
    expect(gaps('launch')).toEqual(['gpt-live-1.1', 'tokens per minute']);
  });

  it('knows the launch figure of tier 5, and of no other', () => {
    expect(TIERS.map((tier) => tierPreset({ tier, caps: 'launch' })?.sessionsMax)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      100,
    ]);
  });
});
