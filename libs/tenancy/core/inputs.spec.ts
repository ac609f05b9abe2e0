import { checkInput } from './administration.js';
import { CreateKeyInput, CreateTenantInput, EnsurePoolInput, UpdateTenantInput } from './inputs.js';

const tenant = { slug: 'acme', name: 'Acme Ltd.' };

function problem(input: object, schema: typeof CreateTenantInput | typeof CreateKeyInput = CreateTenantInput): string {
  const parsed = schema.safeParse(input);
  return parsed.success ? 'accepted' : parsed.error.issues.map((issue) => issue.message).join('; ');
}

describe('the input of administrators', () => {
  it('accepts what is ordinary, trimmed and in one Unicode form', () => {
    expect(CreateTenantInput.parse({ ...tenant, name: '  Zu\u0308rich & Söhne (東京) 🎧 ' })).toEqual({
      slug: 'acme',
      name: 'Zürich & Söhne (東京) 🎧',
      sessionsMax: null,
    });
  });

  it.each(['=1+1', '+41', '-x', '@SUM(A1)', '＝1', '\t=1', ' =cmd|"/c calc"'])(
    'refuses the formula %j as a name',
    (name) => {
      expect(problem({ ...tenant, name })).toMatch(/a spreadsheet would run it|control/);
    },
  );

  it.each(['a\r\nb', 'a\u0000', 'a\u001b[31mb', 'a\u2028b', 'a\u202eb', 'a\u200bb', 'a\ud800b', '\ufeffa b\u0007'])(
    'refuses the invisible character in %j',
    (name) => expect(problem({ ...tenant, name })).toMatch('control, invisible or direction-changing'),
  );

  it('refuses names that are empty or longer than a line', () => {
    expect(problem({ ...tenant, name: '   ' })).toBe('name must not be empty');
    expect(problem({ ...tenant, name: 'x'.repeat(1_000_000) })).toBe('name must have at most 100 characters');
  });

  it.each(['', 'Acme', '-a', 'a-', 'a b', 'a_b', 'ä', 'x'.repeat(64), '../etc', 'a\n'])(
    'refuses the slug %j',
    (slug) => {
      expect(problem({ ...tenant, slug })).toMatch('slug must be 1 to 63 lower-case letters');
    },
  );

  it.each([0, -1, 1.5, Number.NaN, Infinity, 1e9])('refuses the cap %s', (sessionsMax) => {
    expect(problem({ ...tenant, sessionsMax })).toMatch(/^sessionsMax must be/);
  });

  it('refuses fields that it does not know', () => {
    expect(problem({ ...tenant, status: 'active' })).toMatch('status');
    expect(UpdateTenantInput.safeParse({ id: 'tnt_b' }).success).toBe(false);
    expect(EnsurePoolInput.safeParse({ slug: 'a', vendor: 'other' }).success).toBe(false);
  });

  it('takes web origins as scheme and host, and nothing else', () => {
    const key = (origin: string) => problem({ name: 'k', origins: [origin] }, CreateKeyInput);
    for (const origin of ['https://app.example.com', 'http://localhost:3000', 'https://app.example.com/'])
      expect(key(origin)).toBe('accepted');
    for (const origin of [
      '*',
      'app.example.com',
      'https://a/b',
      'https://a?x',
      'https://u:p@a',
      'null',
      'javascript:1',
      'HTTPS://A',
    ])
      expect(key(origin)).toMatch('is not a web origin');
  });

  it('refuses allow-lists that allow nothing, are endless, or name no model', () => {
    expect(problem({ name: 'k', models: [] }, CreateKeyInput)).toBe(
      'models must name at least one, or be left out to allow all',
    );
    expect(problem({ name: 'k', models: Array<string>(101).fill('m') }, CreateKeyInput)).toMatch('at most 100');
    expect(problem({ name: 'k', models: ['gpt realtime'] }, CreateKeyInput)).toMatch('a model is');
  });

  it('names all problems at once, and the fields', () => {
    expect(checkInput(CreateTenantInput, { slug: 'A', name: '', sessionsMax: 0 })).toEqual({
      ok: false,
      error: {
        code: 'invalid_input',
        message:
          'slug must be 1 to 63 lower-case letters, digits and inner hyphens, for example "acme-support"; name must not be empty; sessionsMax must be at least 1; to let nobody in, suspend the tenant, revoke the key or drain the pool.',
        fields: ['slug', 'name', 'sessionsMax'],
      },
    });
  });
});
