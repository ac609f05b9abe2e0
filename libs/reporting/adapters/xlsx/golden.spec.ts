// The workbook against a file of its own, part by part, and then its bytes: whoever opens our exports sees what changes here.
import { readFileSync } from 'node:fs';
import { strFromU8, unzipSync } from 'fflate';
import { context, sources } from '../../test/rows.js';
import { xlsxFormat } from './index.js';

const GOLDEN = new URL('../../test/golden/workbook.xlsx', import.meta.url);

const partsOf = (bytes: Uint8Array): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(unzipSync(bytes)).map(([name, part]) => [name, strFromU8(part)]));

test('the workbook is written as ever', async () => {
  const reconciliation = () =>
    Promise.resolve([
      {
        day: '2026-11-21',
        subject: 'gpt-realtime output_audio',
        ours: '5',
        theirs: '8',
        difference: '3',
        kind: 'lost_usage',
      },
    ]);
  const [file] = xlsxFormat.files(context(), { ...sources(), reconciliation });
  const pieces: Uint8Array[] = [];
  for await (const piece of file?.pieces() ?? []) if (typeof piece !== 'string') pieces.push(piece);
  const written = Buffer.concat(pieces);
  const golden = readFileSync(GOLDEN);
  expect(partsOf(written)).toEqual(partsOf(golden));
  expect(written.equals(golden)).toBe(true);
});
