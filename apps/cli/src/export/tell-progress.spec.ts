import { jest } from '@jest/globals';
import { tellProgress } from './tell-progress.js';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('says that the server sorts until rows come, then how many there are, and nothing once it is stopped', () => {
  const lines: string[] = [];
  const teller = tellProgress((line) => lines.push(line));
  jest.advanceTimersByTime(3_000);
  teller.onRows(5_000);
  jest.advanceTimersByTime(3_000);
  teller.stop();
  jest.advanceTimersByTime(30_000);
  expect(lines).toEqual(['the server gathers and sorts the month', '5000 rows read']);
});

it('says nothing of an export that is done at once', () => {
  const lines: string[] = [];
  tellProgress((line) => lines.push(line)).stop();
  jest.advanceTimersByTime(30_000);
  expect(lines).toEqual([]);
});
