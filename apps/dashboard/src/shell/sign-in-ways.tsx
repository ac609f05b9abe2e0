import { Button } from '@mantine/core';
import { useRead } from '../api/use-read.js';
import { useWords } from '../i18n/use-words.js';

interface WaysAnswer {
  readonly issuers: readonly { readonly issuer: string; readonly path: string }[];
}

/** How one signs in: a button for each issuer, and the one-time link. @param again in a window of its own, shown anew */
export function SignInWays({ again = false }: { readonly again?: boolean }) {
  const { t } = useWords();
  const { data } = useRead<WaysAnswer>('/sign-in');
  const asked = again ? { again: '1', back: '/admin/signed-in' } : { back: location.pathname + location.search };
  const window = again ? { target: '_blank', rel: 'noopener' } : {};
  return (
    <>
      {(data?.issuers ?? []).map(({ issuer, path }) => (
        <p key={issuer}>
          <Button component="a" href={`${path}?${new URLSearchParams(asked).toString()}`} {...window}>
            {t('signIn.with', { issuer: new URL(issuer).host })}
          </Button>
        </p>
      ))}
      <p>{t(again ? 'signIn.linkAgain' : 'signIn.link')}</p>
      {again ? null : <p>{t('signIn.again')}</p>}
      <pre>npm run cli -- member link</pre>
    </>
  );
}
