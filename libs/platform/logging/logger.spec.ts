import { openLog } from './logger.js';

function logged(write: (log: ReturnType<typeof openLog>) => void): {
  lines: string[];
  first: Record<string, unknown>;
} {
  const lines: string[] = [];
  write(openLog('info', { write: (line) => void lines.push(line) }));
  return { lines, first: JSON.parse(lines[0] ?? '{}') as Record<string, unknown> };
}

describe('logs', () => {
  it('drop every field that is not on the list', () => {
    const { lines } = logged((log) => {
      log
        .with({ api_key: 'canary-1' })
        .info({ transcript: 'canary-2', headers: { authorization: 'canary-3' } }, 'hello');
    });
    expect(lines.join('')).not.toContain('canary');
  });

  it('keep one line per event whatever the text holds', () => {
    const { lines, first } = logged((log) => log.info({ detail: 'a\r\nb\u001b[31m' }, 'hello'));
    expect(lines).toHaveLength(1);
    expect([...(lines[0]?.trimEnd() ?? '')].filter((char) => char < ' ')).toEqual([]);
    expect(first).toMatchObject({ level: 'info', msg: 'hello', ts: expect.any(String) });
  });

  it('describe an error by its kind, its message and its place, not by what hangs on it', () => {
    const error = Object.assign(new Error('broke'), { code: 'EPIPE', request: { body: 'canary' } });
    const { lines, first } = logged((log) => log.error({ err: error }, 'failed'));
    expect(first['err']).toMatchObject({ type: 'Error', message: 'broke', code: 'EPIPE' });
    expect(lines.join('')).not.toContain('canary');
  });
});
