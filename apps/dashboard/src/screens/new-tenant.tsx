import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../api/request.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useWords } from '../i18n/use-words.js';
import { wordsOf } from '../parts/states.js';

/** Makes a tenant. */
export function NewTenant() {
  const { t } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [slug, setSlug] = useState('');
  const [name, setName] = useState('');
  const [error, setError] = useState('');
  if (!mayDo(me, 'tenants:write')) return null;
  const make = async () => {
    setError('');
    try {
      await sendJson('/tenants', { slug, name });
      setSlug('');
      setName('');
      await queries.invalidateQueries();
    } catch (failure) {
      setError(failure instanceof Error ? wordsOf(failure, t('state.offline')) : String(failure));
    }
  };
  return (
    <div className="filters">
      <TextInput
        size="xs"
        label={t('column.slug')}
        value={slug}
        error={error || undefined}
        onChange={(event) => setSlug(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        label={t('column.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button size="xs" disabled={slug === '' || name.trim() === ''} onClick={() => void make()}>
        {t('tenants.create')}
      </Button>
    </div>
  );
}
