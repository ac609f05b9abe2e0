import { csvOf } from './csv.js';

describe('exports of what is seen', () => {
  it('quote what has commas, quotes or lines, and leave out what is not there', () => {
    expect(csvOf(['a', 'b'], [['x,"y"\n', null]])).toBe('a,b\r\n"x,""y""\n",\r\n');
  });

  it.each(['=1+1', '+1', '@SUM(A1)', '-cmd', '\t=1', '\r=1', '=HYPERLINK("http://x")'])(
    'let no spreadsheet run %j',
    (text) => expect(csvOf([], [[text]])).toMatch(/^\r\n"?'/),
  );

  it.each(['-12.5', '0.000000000001', '7'])('keep the number %s a number', (text) =>
    expect(csvOf([], [[text]])).toBe(`\r\n${text}\r\n`),
  );
});
