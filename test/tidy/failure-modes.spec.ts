import { readFileSync } from 'node:fs';
import { ERRORS } from '@trunkline/kernel';
import { END_CAUSES } from '@trunkline/realtime';

const page = readFileSync(new URL('../../docs/failure-modes.md', import.meta.url), 'utf8');
const [refused = '', ended = ''] = page.split('# End causes');
const headings = (part: string) => [...part.matchAll(/^## (.+)$/gm)].map((match) => match[1]);

describe('docs/failure-modes.md', () => {
  it('has one heading for each error code, with its status', () => {
    const expected = Object.entries(ERRORS).map(([code, { status }]) => `${code} (${status})`);
    expect(headings(refused).sort()).toEqual(expected.sort());
  });

  it('has one heading for each end cause, with its close code', () => {
    const expected = Object.entries(END_CAUSES).map(([cause, { close }]) =>
      typeof close === 'number' ? `${cause} (${close})` : cause,
    );
    expect(headings(ended).sort()).toEqual(expected.sort());
  });
});
