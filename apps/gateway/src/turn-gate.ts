// The client direction's tap where turns are counted: a question is held until its turn is reserved, so that a turn that
// does not fit costs nothing. Sessions without a budget have no tap there, and their frames are not even looked at.
import { BINARY_TYPE, type FrameTap, type Interest } from '@trunkline/realtime';
import type { SessionObserver } from '@trunkline/providers';
import type { TurnBudget } from './turn-budget.js';

/** Makes the tap. */
export function turnGate(observer: SessionObserver, budget: Pick<TurnBudget, 'asks'>): FrameTap {
  return {
    interest: (type): Interest => (type === BINARY_TYPE ? 'pass' : observer.clientInterest(type)),
    message: async (_type, payload) => {
      const question = observer.readQuestion(payload);
      if (question === null) return 'forward';
      return (await budget.asks(question.eventId)) ? 'forward' : 'drop';
    },
  };
}
