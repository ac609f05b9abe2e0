// The frame around all screens: who is signed in, where one can go, language and light or dark. The first stop of the keyboard
// skips to the screen.
import { Button, NativeSelect, useMantineColorScheme } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import type { Me } from '../api/types.js';
import { LANGUAGES, type Language } from '../i18n/language.js';
import { useWords } from '../i18n/use-words.js';
import { isSeen, SCREENS } from '../screens.js';

/** The frame. */
export function Shell({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  return (
    <div className="shell">
      <a className="skip" href="#screen">
        {t('shell.skip')}
      </a>
      <header className="topbar">
        <button
          type="button"
          className="burger"
          aria-expanded={open}
          aria-controls="nav"
          onClick={() => setOpen(!open)}
        >
          {t('shell.menu')}
        </button>
        <span className="brand">Trunkline</span>
        {me.upstream === 'simulator' ? <span className="simulator">{t('shell.simulator')}</span> : null}
        <span className="spacer" />
        <Who me={me} />
        <Choices />
        <Button size="compact-sm" variant="default" onClick={() => void signOut()}>
          {t('shell.signOut')}
        </Button>
      </header>
      <Navigation me={me} isOpen={open} />
      <main id="screen" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Who({ me }: { readonly me: Me }) {
  const roles = me.roles.map(({ role, tenant }) => (tenant === null ? role : `${role} (${tenant.slug})`)).join(', ');
  return (
    <span className="who" title={me.id}>
      <bdi>{me.name}</bdi> <span className="muted">{roles}</span>
    </span>
  );
}

/** Language, and light or dark. */
export function Choices() {
  const { t, language, choose } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label={t('shell.language')}
        value={language}
        data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
        onChange={(event) => choose(event.currentTarget.value as Language)}
      />
      <NativeSelect
        size="xs"
        aria-label={t('shell.theme')}
        value={colorScheme}
        data={[
          { value: 'auto', label: t('shell.theme.auto') },
          { value: 'light', label: t('shell.theme.light') },
          { value: 'dark', label: t('shell.theme.dark') },
        ]}
        onChange={(event) => setColorScheme(event.currentTarget.value as 'auto' | 'light' | 'dark')}
      />
    </>
  );
}

function Navigation({ me, isOpen }: { readonly me: Me; readonly isOpen: boolean }) {
  const { t } = useWords();
  const [location] = useLocation();
  return (
    <nav id="nav" aria-label={t('shell.menu')} className={isOpen ? 'open' : ''}>
      {SCREENS.filter((screen) => isSeen(me, screen)).map(({ path, title }) => (
        <Link key={path} href={path} aria-current={location.startsWith(path) ? 'page' : undefined}>
          {t(title)}
        </Link>
      ))}
    </nav>
  );
}

async function signOut(): Promise<void> {
  await fetch('/admin/sign-out', { method: 'POST', credentials: 'same-origin' });
  location.assign('/admin');
}
