// The tenant that a screen is about: in the address, so that it goes along with a link.
import { NativeSelect } from '@mantine/core';
import type { TenantName } from '../api/types.js';
import { isTenantOnly, useMe } from '../api/use-me.js';
import { useRead } from '../api/use-read.js';
import type { MessageKey } from '../i18n/language.js';
import { useWords } from '../i18n/use-words.js';
import { useQueryParam } from './use-query-param.js';

/** Tenants that whoever is signed in may see. */
export function useTenants(): readonly TenantName[] {
  const me = useMe();
  const { data } = useRead<{ readonly tenants: readonly TenantName[] }>(isTenantOnly(me) ? null : '/tenants?limit=200');
  return isTenantOnly(me) ? me.tenants : (data?.tenants ?? []);
}

/**
 * The slug that was chosen, and how to choose another. Empty: all, where `needed` is not set and the whole company may be seen.
 */
export function useTenant(needed: boolean): readonly [string, (slug: string) => void] {
  const me = useMe();
  const tenants = useTenants();
  const [chosen, choose] = useQueryParam('tenant');
  const first = tenants[0]?.slug ?? '';
  return [chosen === '' && (needed || isTenantOnly(me)) ? first : chosen, choose];
}

interface TenantSelectProps {
  readonly needed?: boolean;
  /** What no tenant stands for. */
  readonly all?: MessageKey;
}

/** Chooses. */
export function TenantSelect({ needed = false, all: allWords = 'filter.allTenants' }: TenantSelectProps) {
  const { t } = useWords();
  const me = useMe();
  const tenants = useTenants();
  const [tenant, choose] = useTenant(needed);
  const all = needed || isTenantOnly(me) ? [] : [{ value: '', label: t(allWords) }];
  return (
    <NativeSelect
      size="xs"
      label={t('column.tenant')}
      value={tenant}
      data={[...all, ...tenants.map(({ slug, name }) => ({ value: slug, label: name }))]}
      onChange={(event) => choose(event.currentTarget.value)}
    />
  );
}

/** Names by id, for answers that tell ids. */
export function useTenantNames(): (id: string) => string {
  const tenants = useTenants();
  return (id) => tenants.find((tenant) => tenant.id === id)?.name ?? id;
}
