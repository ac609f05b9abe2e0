import { afterStep, REVIEW_DECISIONS, type ReviewStanding } from './review.js';

const OPEN: ReviewStanding = { state: 'open', assignee: null, decision: null };
const DECIDED: ReviewStanding = { state: 'decided', assignee: 'ana', decision: 'uphold' };

describe('an item of the review queue', () => {
  it('is assigned, handed on and given back', () => {
    const ana = { ok: true, value: { state: 'assigned', assignee: 'ana', decision: null } };
    expect(afterStep(OPEN, { kind: 'assign', assignee: 'ana' })).toEqual(ana);
    const held: ReviewStanding = { state: 'assigned', assignee: 'bea', decision: null };
    expect(afterStep(held, { kind: 'assign', assignee: 'ana' })).toEqual(ana);
    expect(afterStep(held, { kind: 'assign', assignee: null })).toEqual({ ok: true, value: OPEN });
  });

  it('is decided once, and again only when that is meant', () => {
    const dismiss = { kind: 'decide', decision: 'dismiss', again: false } as const;
    expect(afterStep(OPEN, dismiss)).toEqual({ ok: true, value: { ...OPEN, state: 'decided', decision: 'dismiss' } });
    expect(afterStep(DECIDED, dismiss).ok).toBe(false);
    expect(afterStep(DECIDED, { ...dismiss, again: true })).toMatchObject({ value: { decision: 'dismiss' } });
    expect(afterStep(DECIDED, { kind: 'assign', assignee: 'bea' }).ok).toBe(false);
  });

  it('is open again for somebody else when it is escalated', () => {
    const escalate = { kind: 'decide', decision: 'escalate', again: false } as const;
    const held: ReviewStanding = { state: 'assigned', assignee: 'bea', decision: null };
    expect(afterStep(held, escalate)).toEqual({ ok: true, value: { ...OPEN, decision: 'escalate' } });
  });

  it('does not change by a note', () => {
    for (const decision of REVIEW_DECISIONS)
      expect(afterStep({ ...DECIDED, decision }, { kind: 'note' })).toEqual({
        ok: true,
        value: { ...DECIDED, decision },
      });
  });
});
