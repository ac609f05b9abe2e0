import { LANES, lanesNamed } from './registry.js';

describe('the lanes of a run', () => {
  it('come in the order they were asked for, and an unknown name lists the known ones', () => {
    expect(lanesNamed(['nginx', 'direct']).map(({ name }) => name)).toEqual(['nginx', 'direct']);
    expect(() => lanesNamed(['apache'])).toThrow(/no lane "apache"; lanes: direct, nginx/);
  });

  it('contain Portkey only where its folder was given, and else say how to get it', () => {
    expect(lanesNamed(['portkey'], 'somewhere')).toMatchObject([{ name: 'portkey', isReference: true }]);
    expect(() => lanesNamed(['portkey'])).toThrow(/npm i @portkey-ai\/gateway@.* --portkey <that folder>/);
    expect(LANES.map(({ name }) => name)).not.toContain('portkey');
  });
});
