// The steps that close a month: one person asks, another approves; each needs a fresh sign-in and the month typed.
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../api/request.js';
import type { PeriodRow } from '../api/types.js';
import { mayDo, useMe } from '../api/use-me.js';
import { useWords } from '../i18n/use-words.js';
import { Confirm } from '../parts/confirm.js';

const STEPS = [
  { step: 'soft-close', permission: 'periods:write' },
  { step: 'close', permission: 'periods:approve' },
  { step: 'approve', permission: 'periods:approve' },
] as const;

/** The buttons that whoever is signed in may press. */
export function PeriodSteps({ row, tenant }: { readonly row: PeriodRow; readonly tenant: string }) {
  const { t } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [step, setStep] = useState<(typeof STEPS)[number]['step'] | null>(null);
  if (row.status === 'closed') return null;
  const take = async () => {
    await sendJson(`/periods/${row.period}/${step}`, { tenant });
    await queries.invalidateQueries();
  };
  return (
    <p>
      {STEPS.filter(({ permission }) => mayDo(me, permission)).map((each) => (
        <Button key={each.step} size="compact-sm" variant="default" mr="xs" onClick={() => setStep(each.step)}>
          {t(`periods.step.${each.step}`)}
        </Button>
      ))}
      {step === null ? null : (
        <Confirm
          title={t(`periods.step.${step}`)}
          what={t('periods.step.words', { period: row.period, tenant })}
          typed={row.period}
          act={take}
          close={() => setStep(null)}
        />
      )}
    </p>
  );
}
