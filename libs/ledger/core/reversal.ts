// Taking a booking back: the same transaction with every sign turned, which says what it corrects, why and by whom. The one
// it takes back stays as it is. What is put in its place, if anything, is a transaction of its own.
import { negateAmount } from '@trunkline/kernel';
import { derivedId, sound, type Because, type Transaction } from './transaction.js';

/**
 * Takes a transaction back. Its id is derived from the one it takes back, so that this happens once however often it is
 * asked for. Metered money keeps the instant of the usage; what was booked by hand is taken back `atMs`.
 * @throws LedgerDefect for a reversal: book again what it took back instead.
 */
export function reversalOf(booked: Transaction, because: Because, atMs: number): Transaction {
  return sound(
    {
      ...booked,
      id: derivedId(`reversal ${booked.id}`),
      kind: 'reversal',
      occurredAtMs: booked.usage === null ? atMs : booked.occurredAtMs,
      total: negateAmount(booked.total),
      entries: booked.entries.map((entry) => ({ ...entry, amount: negateAmount(entry.amount) })),
      lines: booked.lines.map((line) => ({
        ...line,
        quantityMicro: -line.quantityMicro,
        amount: negateAmount(line.amount),
      })),
      corrects: booked.id,
      because,
    },
    booked.kind === 'reversal' ? ['is a reversal of a reversal'] : [],
  );
}
