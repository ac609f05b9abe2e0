// Ends one session, or all that are open now of its key or its tenant.
import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { sendJson } from '../../api/request.js';
import type { BoardSession } from '../../api/types.js';
import { useWords } from '../../i18n/use-words.js';
import { Confirm } from '../../parts/confirm.js';

type Which = 'session' | 'key' | 'tenant';

/** The dialog. */
export function EndSessions({ session, close }: { readonly session: BoardSession; readonly close: () => void }) {
  const { t } = useWords();
  const [which, setWhich] = useState<Which>('session');
  const { id, keyId, key, tenant, tenantName } = session;
  const asked = which === 'session' ? { session: id } : which === 'key' ? { key: keyId } : {};
  const what = which === 'key' ? (key ?? keyId ?? '') : tenantName;
  return (
    <Confirm
      title={t(`live.end.${which}`)}
      what={which === 'session' ? t('live.end.words', { tenant: tenantName }) : t('live.end.all', { what })}
      typed={which === 'session' ? null : which === 'key' ? (key ?? keyId) : tenant}
      act={() => sendJson(`/tenants/${tenant}/session-ends`, asked)}
      close={close}
    >
      <NativeSelect
        label={t('live.end')}
        value={which}
        data={(['session', ...(keyId === null ? [] : ['key']), 'tenant'] as Which[]).map((value) => ({
          value,
          label: t(`live.end.${value}`),
        }))}
        onChange={(event) => setWhich(event.currentTarget.value as Which)}
      />
    </Confirm>
  );
}
