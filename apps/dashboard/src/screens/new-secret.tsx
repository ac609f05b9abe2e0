import { Alert, Button } from '@mantine/core';
import { useWords } from '../i18n/use-words.js';

/** Shows a secret that is shown once, until somebody says that it is kept. */
export function NewSecret({ secret, kept }: { readonly secret: string; readonly kept: () => void }) {
  const { t } = useWords();
  return (
    <Alert color="green" title={t('keys.once')} role="status" mb="md">
      <p>
        <code>{secret}</code>
      </p>
      <Button size="compact-sm" variant="default" mr="xs" onClick={() => void navigator.clipboard.writeText(secret)}>
        {t('keys.copy')}
      </Button>
      <Button size="compact-sm" variant="default" onClick={kept}>
        {t('keys.kept')}
      </Button>
    </Alert>
  );
}
