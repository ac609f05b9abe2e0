// Asks before something that cannot be taken back. With a word to type where a slip of the hand would cost a lot.
import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useWords } from '../i18n/use-words.js';
import { wordsOf } from './states.js';

interface ConfirmProps {
  readonly title: string;
  readonly what: string;
  /** Has to be typed; null: a click is enough. */
  readonly typed: string | null;
  readonly act: () => Promise<unknown>;
  readonly close: () => void;
  /** Choices, above the words. */
  readonly children?: ReactNode;
}

/** The dialog; the focus goes back to where it was when it closes. */
export function Confirm({ title, what, typed, act, close, children }: ConfirmProps) {
  const { t } = useWords();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const confirm = async () => {
    setBusy(true);
    try {
      await act();
      close();
    } catch (failure) {
      setError(failure instanceof Error ? wordsOf(failure, t('state.offline')) : String(failure));
      setBusy(false);
    }
  };
  return (
    // The lock of the page's scrolling writes a style element, which the content security policy does not take.
    <Modal
      opened
      onClose={close}
      title={title}
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t('action.cancel') }}
    >
      {children}
      <p>{what}</p>
      {typed === null ? null : (
        <TextInput
          data-autofocus
          label={t('confirm.type', { word: typed })}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      {error === null ? null : (
        <p role="alert" className="bad">
          {error}
        </p>
      )}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close}>
          {t('action.cancel')}
        </Button>
        <Button color="red" loading={busy} disabled={typed !== null && text !== typed} onClick={() => void confirm()}>
          {title}
        </Button>
      </Group>
    </Modal>
  );
}
