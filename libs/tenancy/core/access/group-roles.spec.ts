import { parseGroupRoles, rolesOfGroups } from './group-roles.js';

const mapping = () => {
  const parsed = parseGroupRoles('tl-admins=admin, CN=Leads=tenant_admin@acme,tl-admins=finance,');
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

describe('roles of groups', () => {
  it('are those of the list, all of them, and of no other group', () => {
    expect(rolesOfGroups(mapping(), ['tl-admins', 'x']).map(({ role }) => role)).toEqual(['admin', 'finance']);
    expect(rolesOfGroups(mapping(), ['CN=Leads'])).toEqual([
      { group: 'CN=Leads', role: 'tenant_admin', tenant: 'acme' },
    ]);
    expect(rolesOfGroups(mapping(), 'tl-admins')).toHaveLength(2);
  });

  it.each([[undefined], [null], [7], [{ group: 'tl-admins' }], [[['tl-admins']]], [['TL-ADMINS']]])(
    'are none for a claim such as %j',
    (groups) => expect(rolesOfGroups(mapping(), groups)).toEqual([]),
  );

  it.each(['admins', 'x=king', '=admin', 'x=tenant_admin', 'x=owner@acme', 'x=viewer@No Slug'])(
    'cannot be written as %s',
    (text) => expect(parseGroupRoles(text).ok).toBe(false),
  );
});
