// An amount as every screen shows it: figures of one width, its currency, and how sure it is. The exact amount is in the title.
import { formatAmount, parseAmount, roundAmount } from '@trunkline/kernel';
import { useWords } from '../i18n/use-words.js';

/** How sure an amount is. `preliminary`: the month is open; `estimated`: the vendor never reported part of it. */
export type MoneyMark = 'preliminary' | 'estimated';

interface MoneyProps {
  /** A decimal; null: not known. */
  readonly amount: string | null;
  readonly currency?: string;
  readonly mark?: MoneyMark | null;
}

const CENTS = 2;
// A turn costs fractions of a cent: below a cent more of it is shown.
const SMALL = 6;

/** The amount. */
export function Money({ amount, currency = 'USD', mark = null }: MoneyProps) {
  const { t } = useWords();
  if (amount === null) return <span className="muted">{t('value.unknown')}</span>;
  return (
    <span className="money" title={`${amount} ${currency}`}>
      {shownAmount(amount)} <span className="currency">{currency}</span>
      {mark === null ? null : <span className="mark"> {t(`money.${mark}`)}</span>}
    </span>
  );
}

/** An amount with two decimals, or with six where two would show next to nothing. */
export function shownAmount(amount: string): string {
  const exact = parseAmount(amount);
  if (exact === null) return amount;
  const cents = formatAmount(roundAmount(exact, CENTS));
  const places = exact !== roundAmount(exact, CENTS) && /^-?0\.?0?\d?$/.test(cents) ? SMALL : CENTS;
  const [whole = '0', fraction = ''] = formatAmount(roundAmount(exact, places)).split('.');
  return `${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}.${fraction.padEnd(places, '0')}`;
}
