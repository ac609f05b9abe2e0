// The installation's prices as reconciliation asks for them: the priced name of a model, so that a snapshot and its family
// are one, and what the vendor should charge for a quantity in a pool.
import { negateAmount, trustedId, type AmountPico } from '@trunkline/kernel';
import { isMeter } from '@trunkline/metering';
import { rate, type PriceBooks } from '@trunkline/rating';
import { RECONCILED_VENDOR, type ReconcilingPrices } from './vendor-books.js';

// What the vendor charges does not depend on whose use it is.
const NOBODY = trustedId('tnt', 'tnt_00000000000000000000000000');

/** Prices by these books: the list of the vendor that is compared with. */
export function reconcilingPrices(books: PriceBooks): ReconcilingPrices {
  const vendor = RECONCILED_VENDOR;
  const list = books.listOf(vendor);
  return {
    priced: (model, atMs) => list.resolve(model, atMs) ?? model,
    worth: ({ poolId, model, meter, quantityMicro, atMs }): AmountPico | null => {
      if (!isMeter(meter)) return null;
      const { provider_cost: book } = books.booksFor({ tenantId: NOBODY, poolId: trustedId('pool', poolId), vendor });
      const magnitude = quantityMicro < 0n ? -quantityMicro : quantityMicro;
      const rated = rate({ model, occurredAtMs: atMs, quantities: [{ meter, quantityMicro: magnitude }] }, book);
      if (rated.outcome !== 'rated') return null;
      return quantityMicro < 0n ? negateAmount(rated.total) : rated.total;
    },
  };
}
