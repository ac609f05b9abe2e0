// Cost centres and who belongs to them since when. An assignment holds from a day of the company on, until a later one; a
// key's own goes before its tenant's. What nobody assigned is a line of its own, never left out.
import { nameProblem, tidyName, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import { z } from 'zod';

/** Shown where a cost centre would be, for what belongs to none. */
export const UNASSIGNED = 'UNASSIGNED';
/** Stands for cost centre and account on the line that brings a file in cents to the total of the books. */
export const ROUNDING = 'ROUNDING';

/** A cost centre. */
export interface CostCentre {
  readonly code: string;
  readonly name: string;
  /** Who answers for it. */
  readonly owner: string;
  /** Where the general ledger books it. */
  readonly glAccount: string;
}

/** From `effectiveFrom` on, a tenant's (or one of its keys') charges belong to `code`; null: to none. */
export interface CostCentreAssignment {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId | null;
  readonly code: string | null;
  /** The company's day, `2026-11-16`. */
  readonly effectiveFrom: string;
}

const CODE = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,31}$/;
const CODE_PROBLEM =
  'must be 1 to 32 letters, digits, dots, slashes, underscores or hyphens, beginning with a letter or digit';

/** A code of a cost centre or an account: what begins otherwise a spreadsheet might run. */
const codeInput = (what: string) =>
  z
    .string(`${what} must be text`)
    .regex(CODE, `${what} ${CODE_PROBLEM}`)
    .refine((text) => text.toUpperCase() !== UNASSIGNED, `${what} ${UNASSIGNED} is kept for what belongs to none`)
    .refine((text) => text.toUpperCase() !== ROUNDING, `${what} ${ROUNDING} is kept for the rounding of cents`);

const nameInput = (what: string) =>
  z
    .string(`${what} must be text`)
    .transform(tidyName)
    .superRefine((text, context) => {
      const message = nameProblem(text, what);
      if (message !== null) context.addIssue({ code: 'custom', message });
    });

/** A cost centre, made or changed. */
export const CostCentreInput = z.strictObject({
  code: codeInput('code'),
  name: nameInput('name'),
  owner: nameInput('owner'),
  glAccount: codeInput('glAccount'),
});

const DAY = 'effectiveFrom must be a day such as 2026-11-16';

/** An assignment. */
export const AssignmentInput = z.strictObject({ code: codeInput('code').nullable(), effectiveFrom: z.iso.date(DAY) });

/** Looks up which cost centre a key's charges of a day belong to; null: none. Later entries of the list win on one day. */
export function costCentreOf(
  assignments: readonly CostCentreAssignment[],
  { tenantId, keyId, day }: { readonly tenantId: TenantId; readonly keyId: ApiKeyId | null; readonly day: string },
): string | null {
  let own: CostCentreAssignment | null = null;
  let tenants: CostCentreAssignment | null = null;
  for (const each of assignments) {
    if (each.tenantId !== tenantId || each.effectiveFrom > day) continue;
    if (each.keyId === null) tenants = later(tenants, each);
    else if (each.keyId === keyId) own = later(own, each);
  }
  // A key that was taken out of its own cost centre is its tenant's again.
  return own?.code ?? tenants?.code ?? null;
}

function later(former: CostCentreAssignment | null, each: CostCentreAssignment): CostCentreAssignment {
  return former !== null && former.effectiveFrom > each.effectiveFrom ? former : each;
}
