import { useWords } from '../i18n/use-words.js';
import { Page } from '../parts/page.js';
import { Choices } from './shell.js';
import { SignInWays } from './sign-in-ways.js';

/** What somebody sees who is not signed in: how that is done. They go on at the address that they came for. */
export function SignIn() {
  const { t } = useWords();
  return (
    <main className="sign-in">
      <p className="brand">Trunkline</p>
      <Page title={t('signIn.title')}>
        <SignInWays />
      </Page>
      <p className="choices">
        <Choices />
      </p>
    </main>
  );
}
