import { useQuery } from '@tanstack/react-query';
import { Suspense } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { ApiProblem, getJson, WHO } from './api/request.js';
import type { Me } from './api/types.js';
import { MeContext } from './api/use-me.js';
import { useWords } from './i18n/use-words.js';
import { Page } from './parts/page.js';
import { Empty, Failed, Loading } from './parts/states.js';
import { isSeen, SCREENS } from './screens.js';
import { Shell } from './shell/shell.js';
import { SignInAgain } from './shell/sign-in-again.js';
import { SignIn } from './shell/sign-in.js';

/** The dashboard: asks who is there, then shows what they may see. */
export function App() {
  const me = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => getJson<Me>(WHO, signal),
    refetchInterval: 60_000,
  });
  const isOut = me.error instanceof ApiProblem && me.error.status === 401;
  if (me.data === undefined && isOut) return <SignIn />;
  if (me.data === undefined)
    return me.error === null ? <Loading /> : <Failed error={me.error} again={() => void me.refetch()} />;
  return (
    <MeContext value={me.data}>
      <Router base="/admin">
        <Shell me={me.data}>
          <Suspense fallback={<Loading />}>
            <Screens me={me.data} />
          </Suspense>
        </Shell>
        <SignInAgain me={me.data} readAtMs={me.dataUpdatedAt} isOut={isOut} readAgain={me.refetch} />
      </Router>
    </MeContext>
  );
}

function Screens({ me }: { readonly me: Me }) {
  const seen = SCREENS.filter((screen) => isSeen(me, screen));
  const first = seen[0]?.path ?? '/developer';
  return (
    <Switch>
      {seen.map(({ path, pattern, Component }) => (
        <Route key={path} path={pattern ?? path} component={Component} />
      ))}
      <Route path="/">
        <Redirect to={first} replace />
      </Route>
      <Route path="/signed-in">
        <SignedIn />
      </Route>
      <Route>
        <NotHere />
      </Route>
    </Switch>
  );
}

// Where a sign-in for another window ends.
function SignedIn() {
  const { t } = useWords();
  return (
    <Page title={t('signIn.done')}>
      <Empty>{t('signIn.done.words')}</Empty>
    </Page>
  );
}

function NotHere() {
  const { t } = useWords();
  return (
    <Page title={t('notHere.title')}>
      <Empty>{t('notHere.words')}</Empty>
    </Page>
  );
}
