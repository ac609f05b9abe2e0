// Signing in anew without leaving the screen: it stays as it is behind the dialog, filled forms included, while somebody signs in in
// another window; what was refused is then asked again. Somebody else who signs in begins with a page of their own.
import { Button, Group, Modal } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import type { Me } from '../api/types.js';
import { SIGN_IN_NEEDED, SignInNeeded } from '../api/sign-in-needed.js';
import { useWords } from '../i18n/use-words.js';
import { SignInWays } from './sign-in-ways.js';

interface SignInAgainProps {
  readonly me: Me;
  /** When `me` was read. */
  readonly readAtMs: number;
  /** The last time nobody was signed in. */
  readonly isOut: boolean;
  /** The same function each time. */
  readonly readAgain: () => unknown;
}
/** What waits, and who had been signed in how. */
interface Waiting {
  readonly needed: SignInNeeded;
  readonly me: Me;
  readonly readAtMs: number;
}

// How soon a sign-in in another window is noticed here.
const EVERY_MS = 2_000;

/** The dialog, while one is needed. */
export function SignInAgain({ me, readAtMs, isOut, readAgain }: SignInAgainProps) {
  const { t } = useWords();
  const [first] = useState(me.id);
  const [waiting, settle] = useWaiting(me, readAtMs);
  const reason = isOut ? 'ended' : (waiting[0]?.needed.reason ?? null);
  useEffect(() => {
    if (me.id !== first) location.reload();
  }, [me.id, first]);
  useEffect(() => {
    if (reason === null) return undefined;
    void readAgain();
    const timer = setInterval(() => void readAgain(), EVERY_MS);
    return () => clearInterval(timer);
  }, [reason, readAgain]);
  useEffect(() => {
    if (!isOut) settle((one) => isOver(one, me, readAtMs), true);
  }, [isOut, me, readAtMs, settle, waiting]);
  const giveUp = () => settle(() => true, false);
  if (reason === null) return null;
  return (
    <Modal
      opened
      onClose={giveUp}
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
      title={t(`signIn.${reason}`)}
      lockScroll={false}
    >
      <p>{t(`signIn.${reason}.words`)}</p>
      <SignInWays again />
      <Group justify="flex-end" mt="md">
        {reason === 'ended' ? null : (
          <Button variant="default" onClick={giveUp}>
            {t('action.cancel')}
          </Button>
        )}
      </Group>
    </Modal>
  );
}

type Settle = (which: (one: Waiting) => boolean, isSignedIn: boolean) => void;

function useWaiting(me: Me, readAtMs: number): readonly [readonly Waiting[], Settle] {
  const [waiting, setWaiting] = useState<readonly Waiting[]>([]);
  useEffect(() => {
    const take = (event: Event) => {
      if (!(event instanceof SignInNeeded)) return;
      event.preventDefault();
      setWaiting((before) => [...before, { needed: event, me, readAtMs }]);
    };
    window.addEventListener(SIGN_IN_NEEDED, take);
    return () => window.removeEventListener(SIGN_IN_NEEDED, take);
  }, [me, readAtMs]);
  const settle = useCallback<Settle>(
    (which, isSignedIn) => {
      const over = waiting.filter(which);
      if (over.length === 0) return;
      for (const { needed } of over) needed.settle(isSignedIn);
      setWaiting((before) => before.filter((one) => !over.includes(one)));
    },
    [waiting],
  );
  return [waiting, settle];
}

// The same person, read as signed in since, and for what wants it as signed in anew.
function isOver({ needed, me: before, readAtMs }: Waiting, me: Me, readNowAtMs: number): boolean {
  if (me.id !== before.id || readNowAtMs <= readAtMs) return false;
  return needed.reason === 'ended' || me.stepUpUntil !== before.stepUpUntil;
}
