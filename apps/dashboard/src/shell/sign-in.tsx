import { useWords } from '../i18n/use-words.js';
import { Page } from '../parts/page.js';
import { Choices } from './shell.js';

/** What somebody sees who is not signed in: how that is done. */
export function SignIn() {
  const { t } = useWords();
  return (
    <main className="sign-in">
      <p className="brand">Trunkline</p>
      <Page title={t('signIn.title')}>
        <p>{t('signIn.link')}</p>
        <p>{t('signIn.again')}</p>
        <pre>npm run cli -- member link</pre>
      </Page>
      <p className="choices">
        <Choices />
      </p>
    </main>
  );
}
