// Talks through the gateway as an app would, by microphone or in writing: what was said, which events came, how long the answer
// took, what it cost.
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { sendJson } from '../../api/request.js';
import { useMe } from '../../api/use-me.js';
import { useRead } from '../../api/use-read.js';
import { useWords } from '../../i18n/use-words.js';
import { Page } from '../../parts/page.js';
import { Empty, WhenLoaded } from '../../parts/states.js';
import { useQueryParam } from '../../parts/use-query-param.js';
import { TenantSelect, useTenant } from '../../parts/use-tenant.js';
import { TalkCost, TalkLines } from './talk-view.js';
import { useTalk, type Minted } from './use-talk.js';

interface KeyChoice {
  readonly id: string;
  readonly name: string;
}

/** The screen. */
export function Playground() {
  const { t } = useWords();
  const { gatewayUrl } = useMe();
  const [tenant] = useTenant(true);
  const keys = useRead<{ readonly keys: readonly KeyChoice[] }>(
    tenant === '' ? null : `/tenants/${tenant}/playground-secrets`,
  );
  return (
    <Page title={t('nav.playground')} about={t('playground.about')}>
      <div className="filters">
        <TenantSelect needed />
      </div>
      {gatewayUrl === null ? (
        <Empty>{t('playground.noGateway')}</Empty>
      ) : (
        <WhenLoaded of={keys}>
          {(answer) =>
            answer.keys.length === 0 ? (
              <Empty>{t('playground.noKeys')}</Empty>
            ) : (
              <Booth key={tenant} tenant={tenant} keys={answer.keys} gatewayUrl={gatewayUrl} />
            )
          }
        </WhenLoaded>
      )}
    </Page>
  );
}

interface BoothProps {
  readonly tenant: string;
  readonly keys: readonly KeyChoice[];
  readonly gatewayUrl: string;
}

function Booth({ tenant, keys, gatewayUrl }: BoothProps) {
  const { t } = useWords();
  const [keyId, setKeyId] = useQueryParam('key', keys[0]?.id ?? '');
  const [model, setModel] = useQueryParam('model', 'gpt-realtime');
  const url = `${gatewayUrl.replace(/^http/, 'ws')}/v1/realtime?model=${encodeURIComponent(model)}`;
  const { talk, open, since, problem, begin, type, listen } = useTalk(url, () =>
    sendJson<Minted>(`/tenants/${tenant}/playground-secrets`, { key: keyId, model }),
  );
  return (
    <>
      <div className="filters">
        <NativeSelect
          size="xs"
          label={t('column.app')}
          value={keyId}
          disabled={open !== null}
          data={keys.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(event) => setKeyId(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          label={t('column.model')}
          value={model}
          disabled={open !== null}
          onChange={(event) => setModel(event.currentTarget.value)}
        />
        {open === null ? (
          <Button size="xs" onClick={begin}>
            {t('playground.begin')}
          </Button>
        ) : (
          <>
            <Button size="xs" variant="default" onClick={listen}>
              {t('playground.microphone')}
            </Button>
            <Button size="xs" color="red" onClick={open.end}>
              {t('playground.end')}
            </Button>
          </>
        )}
      </div>
      {problem === '' ? null : (
        <p role="alert" className="bad">
          {problem}
        </p>
      )}
      {open === null ? null : <Typing type={type} />}
      <TalkCost talk={talk} keyId={keyId} since={open === null ? null : since} />
      <TalkLines talk={talk} />
    </>
  );
}

function Typing({ type }: { readonly type: (text: string) => void }) {
  const { t } = useWords();
  const [text, setText] = useState('');
  const submit = () => {
    if (text.trim() !== '') type(text);
    setText('');
  };
  return (
    <form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <TextInput
        size="xs"
        label={t('playground.type')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button size="xs" type="submit" variant="default">
        {t('playground.send')}
      </Button>
    </form>
  );
}
