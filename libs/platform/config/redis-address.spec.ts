import { ConfigRefused, loadConfig, type RedisAddress } from './index.js';

const FILES: Readonly<Record<string, string>> = { '/run/sentinel': 'sesame\n' };

function redisOf(env: Record<string, string>): RedisAddress | null {
  return loadConfig([], { env, readTextFile: (path) => FILES[path] ?? '' }).config.redis;
}

function problemOf(env: Record<string, string>): string {
  try {
    redisOf(env);
  } catch (error) {
    if (error instanceof ConfigRefused) return error.problems.join('\n');
    throw error;
  }
  return '';
}

const nobody = { user: null, password: null };

describe('the address of Redis', () => {
  it.each(['redis://h', 'redis://u:p@h:1/2', 'rediss://h:6380'])('may be that of one server: %s', (url) => {
    expect(redisOf({ REDIS_URL: url })).toEqual({ kind: 'single', url });
  });

  it('may be that of sentinels and the master they watch', () => {
    expect(redisOf({ REDIS_URL: 'redis+sentinel://a,b:1,[::1]:2/lines' })).toEqual({
      kind: 'sentinel',
      nodes: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 1 },
        { host: '::1', port: 2 },
      ],
      masterName: 'lines',
      db: 0,
      isTls: false,
      login: nobody,
      sentinelLogin: nobody,
    });
    const full = 'rediss+sentinel://u:p%40:q@a:1/lines/3?sentinel_user=s&sentinel_password=t%26';
    expect(redisOf({ REDIS_URL: full })).toMatchObject({
      db: 3,
      isTls: true,
      login: { user: 'u', password: 'p@:q' },
      sentinelLogin: { user: 's', password: 't&' },
    });
  });

  it('may leave the password of the sentinels to a file of its own', () => {
    const env = { REDIS_URL: 'redis+sentinel://:p@a/lines', REDIS_SENTINEL_PASSWORD_FILE: '/run/sentinel' };
    expect(redisOf(env)).toMatchObject({
      login: { user: null, password: 'p' },
      sentinelLogin: { user: null, password: 'sesame' },
    });
  });

  it('may be that of a cluster', () => {
    expect(redisOf({ REDIS_URL: 'rediss+cluster://u:p@a,b:1/' })).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 6_379 },
        { host: 'b', port: 1 },
      ],
      isTls: true,
      login: { user: 'u', password: 'p' },
    });
  });

  it.each([
    ['h:6379', /must be an address such as redis:\/\/host:6379, redis\+sentinel:.* or redis\+cluster:/],
    ['redis://a:1,b:2', /must be an address such as/],
    ['redis+sentinel://a:1', /must name the master .*redis\+sentinel:\/\/host1:26379,host2:26379\/<master name>/],
    ['redis+sentinel:///lines', /must be an address such as/],
    ['redis+sentinel://a:1,/lines', /must list up to 100 hosts as host:port, separated by commas: redis\+sentinel/],
    ['redis+sentinel://a:99999/lines', /must list up to 100 hosts/],
    ['redis+sentinel://a/lines/x', /must end in the number of a database or in the name of the master/],
    ['redis+sentinel://a/lines?password=p', /may have the parameters sentinel_user and sentinel_password/],
    ['redis+sentinel://:100%@a/lines', /must write special characters of user and password encoded/],
    ['redis+cluster://a,b/1', /must have nothing behind the hosts of a cluster/],
    ['redis+cluster://a,b:x', /must list up to 100 hosts as host:port, separated by commas: redis\+cluster/],
  ])('is refused with what to write instead: %s', (url, problem) => {
    expect(problemOf({ REDIS_URL: url })).toMatch(problem);
  });

  it('and the password of sentinels must fit together', () => {
    const REDIS_SENTINEL_PASSWORD = 'sesame';
    expect(problemOf({ REDIS_SENTINEL_PASSWORD, REDIS_URL: 'redis://h' })).toMatch(
      'REDIS_SENTINEL_PASSWORD is for sentinels: set REDIS_URL to redis+sentinel://',
    );
    const both = { REDIS_SENTINEL_PASSWORD, REDIS_URL: 'redis+sentinel://h/m?sentinel_password=x' };
    expect(problemOf(both)).toMatch('REDIS_SENTINEL_PASSWORD and ?sentinel_password= of REDIS_URL are both given');
  });
});
