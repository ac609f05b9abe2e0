import fc from 'fast-check';
import {
  ConfigRefused,
  helpText,
  loadConfig,
  OPENAI_URL,
  printConfig,
  relayOverrides,
  type LoadedConfig,
} from './index.js';
import { SETTING_KEYS, SETTINGS } from './settings.js';

const FILES: Readonly<Record<string, string>> = { '/run/key': 'sk-from-a-file\n', '/run/empty': '\n' };
const readTextFile = (path: string): string => {
  const text = FILES[path];
  if (text === undefined) throw new Error('no such file');
  return text;
};
const load = (env: Record<string, string> = {}, ...args: string[]): LoadedConfig =>
  loadConfig(args, { env, readTextFile });
const problemsOf = (env: Record<string, string>, ...args: string[]): readonly string[] => {
  try {
    load(env, ...args);
    return [];
  } catch (error) {
    if (error instanceof ConfigRefused) return error.problems;
    throw error;
  }
};

describe('settings', () => {
  it('have defaults that suit one machine and let nobody else in', () => {
    expect(load().config).toMatchObject({
      host: '127.0.0.1',
      httpPort: 8080,
      httpsPort: 8443,
      adminPort: 8081,
      metricsPort: 9464,
      dataDir: './data',
      databaseUrl: null,
      redis: null,
      upstreamUrl: null,
      upstreamKey: null,
      logLevel: 'info',
      json: false,
    });
  });

  it('come from flags before the environment', () => {
    const { config, origins } = load({ TRUNKLINE_HTTP_PORT: '1', TRUNKLINE_HOST: '::' }, '--http-port', '2');
    expect([config.httpPort, config.host]).toEqual([2, '::']);
    expect(origins).toEqual({ httpPort: '--http-port', host: 'TRUNKLINE_HOST' });
  });

  it('take a flag with its value behind a space or an equals sign', () => {
    expect(load({}, '--http-port=1', '--json', '--data-dir', '/srv').config).toMatchObject({
      httpPort: 1,
      json: true,
      dataDir: '/srv',
    });
  });

  it('are read in the units that people write', () => {
    const { config } = load({
      TRUNKLINE_MESSAGE_BYTES_MAX: '512KiB',
      TRUNKLINE_PING_INTERVAL: '1500ms',
      TRUNKLINE_DRAIN_MAX: '2h',
      TRUNKLINE_IDLE_MAX: 'none',
    });
    expect(config).toMatchObject({
      messageBytesMax: 524_288,
      pingIntervalMs: 1_500,
      drainMaxMs: 7_200_000,
      idleMsMax: null,
    });
    expect(relayOverrides(config)).toEqual({ messageBytesMax: 524_288, pingIntervalMs: 1_500, idleMsMax: null });
  });

  it('of an empty variable are the defaults', () => {
    expect(load({ TRUNKLINE_HTTP_PORT: '' }).config.httpPort).toBe(8080);
  });

  it('that are wrong are named all at once, by the name they were given under', () => {
    const problems = problemsOf(
      { TRUNKLINE_HTTP_PORT: '99999', TRUNKLINE_PING_INTERVAL: '20', DATABASE_URL: 'localhost' },
      '--log-level',
      'loud',
    );
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toMatch(/TRUNKLINE_HTTP_PORT must be a port number from 0 to 65535/);
    expect(problems.join('\n')).toMatch(/TRUNKLINE_PING_INTERVAL must be a duration with its unit/);
    expect(problems.join('\n')).toMatch(/DATABASE_URL must be an address such as postgresql:/);
    expect(problems.join('\n')).toMatch(/--log-level must be debug/);
  });

  it('that contradict each other are refused', () => {
    const problems = problemsOf({
      TRUNKLINE_DRAIN_SOFT: '3h',
      TRUNKLINE_LOW_WATER_BYTES: '2MiB',
      TRUNKLINE_HIGH_WATER_BYTES: '1MiB',
      TRUNKLINE_HTTPS_PORT: '8080',
      TRUNKLINE_TLS_CERT_FILE: '/cert.pem',
    });
    expect(problems.map((problem) => problem.split(' ').slice(0, 3).join(' '))).toEqual([
      'TRUNKLINE_DRAIN_SOFT must not',
      'TRUNKLINE_LOW_WATER_BYTES must not',
      'TRUNKLINE_TLS_CERT_FILE and TRUNKLINE_TLS_KEY_FILE',
      '--http-port and TRUNKLINE_HTTPS_PORT',
    ]);
  });

  it('may share port 0, which is any free one', () => {
    expect(load({}, '--http-port', '0', '--https-port', '0').config.httpsPort).toBe(0);
  });
});

describe('the upstream', () => {
  it('is OpenAI when there is a key and the simulator when there is none', () => {
    expect(load({ OPENAI_API_KEY: 'sk-1' }).config.upstreamUrl).toBe(OPENAI_URL);
    expect(load().config.upstreamUrl).toBeNull();
  });

  it('takes our own variables before those of the OpenAI libraries', () => {
    const { config } = load({
      OPENAI_API_KEY: 'sk-1',
      TRUNKLINE_UPSTREAM_KEY: 'sk-2',
      OPENAI_BASE_URL: 'https://a.example/v1',
      TRUNKLINE_UPSTREAM_URL: 'https://b.example/v1/',
    });
    expect([config.upstreamKey, config.upstreamUrl]).toEqual(['sk-2', 'https://b.example/v1']);
  });

  it('needs a key when it has an address', () => {
    expect(problemsOf({}, '--upstream-url', 'https://a.example/v1')).toEqual([
      '--upstream-url needs a key as well: set TRUNKLINE_UPSTREAM_KEY or OPENAI_API_KEY',
    ]);
  });

  it('is never this gateway itself', () => {
    const env = { OPENAI_API_KEY: 'tk-1', OPENAI_BASE_URL: 'https://localhost:8443/v1' };
    expect(problemsOf(env)[0]).toMatch(/OPENAI_BASE_URL is where this gateway listens/);
  });

  it('is warned about when the key would travel in the clear', () => {
    const env = { OPENAI_API_KEY: 'sk-1' };
    expect(load(env, '--upstream-url', 'http://a.example/v1').warnings).toHaveLength(1);
    expect(load(env, '--upstream-url', 'http://127.0.0.1:9/v1').warnings).toEqual([]);
  });
});

describe('secrets', () => {
  it('may come from a file, without its last line break', () => {
    expect(load({ OPENAI_API_KEY_FILE: '/run/key' }).config.upstreamKey).toBe('sk-from-a-file');
    expect(load({}, '--upstream-key-file', '/run/key').config.upstreamKey).toBe('sk-from-a-file');
  });

  it.each([
    ['both given', { OPENAI_API_KEY: 'sk-1', OPENAI_API_KEY_FILE: '/run/key' }, /are both given; keep one/],
    ['empty', { OPENAI_API_KEY: '' }, /OPENAI_API_KEY is empty; set it or leave it out/],
    ['an empty file', { OPENAI_API_KEY_FILE: '/run/empty' }, /the file \/run\/empty is empty/],
    ['a missing file', { OPENAI_API_KEY_FILE: '/run/none' }, /the file \/run\/none cannot be read/],
    ['with a line break inside', { OPENAI_API_KEY: 'sk-\r\nX: 1' }, /one line of printable characters/],
    ['too short to protect keys', { TRUNKLINE_KEY_PEPPER: 'short' }, /at least 32 characters/],
  ])('that are %s are refused', (_name, env, message) => {
    expect(problemsOf(env).join('\n')).toMatch(message);
  });

  it('of mail are refused where they would go without TLS, and halves of its settings too', () => {
    const [TRUNKLINE_SMTP_URL, TRUNKLINE_SMTP_FROM] = ['smtp://u:canary@h', 'a@b.example'];
    const problems = problemsOf({ TRUNKLINE_SMTP_URL, TRUNKLINE_SMTP_FROM, TRUNKLINE_SMTP_TLS: 'if_offered' });
    expect(problems).toEqual([expect.stringContaining('must be require')]);
    expect(problemsOf({ TRUNKLINE_SMTP_URL })).toEqual([expect.stringContaining('belong together')]);
    expect(problemsOf({ TRUNKLINE_SMTP_URL, TRUNKLINE_SMTP_FROM: 'x\r\nBcc: y@z' }).join('')).toContain(
      'must be an address',
    );
  });

  it('appear in no message and no print', () => {
    const canary = 'canary-0123456789-0123456789-0123456789';
    for (const key of SETTING_KEYS) {
      const { env, flag, secret } = SETTINGS[key];
      for (const name of env) expect(problemsOf({ [name]: `${canary} ${canary}` }).join('')).not.toContain('canary');
      expect(problemsOf({}, flag.replace(/.$/, 'q'), canary).join('')).not.toContain('canary');
      if (secret !== true) continue;
      const url = {
        databaseUrl: `postgres://u:${canary}@h/d`,
        redis: `redis://:${canary}@h`,
        smtpUrl: `smtp://u:${canary}@h`,
      };
      const text = key === 'databaseUrl' || key === 'redis' || key === 'smtpUrl' ? url[key] : canary;
      // Alone it is refused.
      const s3 = { TRUNKLINE_EXPORT_S3_ENDPOINT: 'https://s3.example', TRUNKLINE_EXPORT_S3_KEY_ID: 'id' };
      const beside: Record<string, string> = {
        ...(key === 'redisSentinelPassword' ? { REDIS_URL: 'redis+sentinel://h/m' } : {}),
        ...(key === 'smtpUrl' ? { TRUNKLINE_SMTP_FROM: 'a@b.example' } : {}),
        ...(key.startsWith('exportS3') ? { ...s3, TRUNKLINE_EXPORT_S3_SECRET: 'secret' } : {}),
      };
      expect(printConfig(load({ ...beside, [env[0]]: text }))).not.toContain('canary');
    }
  });
});

describe('misspelt names', () => {
  it('in the environment are warned about, with the name that was meant', () => {
    expect(load({ TRUNKLINE_HTP_PORT: '1', TRUNKLINE_ZZZZZZZZZZZZZZZZZZ: '1', OTHER: '1' }).warnings).toEqual([
      'TRUNKLINE_HTP_PORT is no setting and does nothing; did you mean TRUNKLINE_HTTP_PORT?',
      'TRUNKLINE_ZZZZZZZZZZZZZZZZZZ is no setting and does nothing',
    ]);
  });

  it('on the command line are refused', () => {
    expect(problemsOf({}, '--htp-port', '1')[0]).toBe('--htp-port is no flag; did you mean --http-port?');
    expect(problemsOf({}, 'start')[0]).toMatch(/belongs to no flag/);
    expect(problemsOf({}, '--http-port')).toEqual(['--http-port needs a value']);
    expect(problemsOf({}, '--http-port', '--json')).toEqual(['--http-port needs a value']);
    expect(problemsOf({}, '--host=a', '--host=b')).toEqual(['--host is given twice']);
    expect(problemsOf({}, '--json=1')).toEqual(['--json takes no value']);
  });

  it('never make loading fail in another way', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('--http-port', '--json', '--host', '7'))), (args) => {
        problemsOf({}, ...args);
      }),
    );
  });
});

describe('what is printed', () => {
  it('reads back to the same settings', () => {
    const loaded = load({
      TRUNKLINE_DRAIN_SOFT: '90s',
      TRUNKLINE_SPOOL_BYTES_MAX: '1536KiB',
      TRUNKLINE_IDLE_MAX: 'none',
    });
    const env = Object.fromEntries(
      printConfig(loaded)
        .split('\n')
        .flatMap((line) => {
          const [, name, text] = /^(\w+)=(.+?) {2}\(/.exec(line) ?? [];
          return name === undefined || text === undefined ? [] : [[name, text]];
        }),
    );
    expect(load(env).config).toEqual(loaded.config);
  });

  it('names every setting in the help', () => {
    const help = helpText('trunkline');
    for (const key of SETTING_KEYS)
      for (const name of [SETTINGS[key].flag, ...SETTINGS[key].env]) expect(help).toContain(name);
  });
});
