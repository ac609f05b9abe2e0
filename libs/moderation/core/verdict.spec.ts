import { redactSpans, severer } from './verdict.js';

describe('redaction', () => {
  it('replaces overlapping and touching spans once', () => {
    const spans = [
      { start: 6, end: 9 },
      { start: 0, end: 2 },
      { start: 1, end: 4 },
      { start: 9, end: 10 },
    ];
    expect(redactSpans('abcdefghijk', spans, '#')).toBe('#ef#k');
  });

  it('leaves a text without spans as it is', () => {
    expect(redactSpans('abc', [])).toBe('abc');
  });
});

describe('actions', () => {
  it('are ordered from pass to end', () => {
    expect(severer('flag', 'redact')).toBe('redact');
    expect(severer('end', 'pass')).toBe('end');
  });
});
