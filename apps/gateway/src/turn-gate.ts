// The client direction's tap where turns are counted: a question is held until its turn is reserved, so that a turn that
// does not fit costs nothing. A question must not pass for something else, so types are read from whole messages. Sessions
// without a budget have no tap there, and their frames are not even looked at.
import { BINARY_TYPE, type FrameTap, type Interest } from '@trunkline/realtime';
import type { SessionObserver } from '@trunkline/providers';
import type { TurnBudget } from './turn-budget.js';

/** Makes the tap. */
export function turnGate(observer: SessionObserver, budget: Pick<TurnBudget, 'asks'>): FrameTap {
  return {
    typesFrom: 'whole',
    interest: (type): Interest => (type === BINARY_TYPE ? 'pass' : observer.clientInterest(type)),
    message: async (_type, payload) => {
      const { plain, question } = observer.readQuestion(payload);
      if (question !== null && !(await budget.asks(question.eventId))) return 'drop';
      return plain === payload ? 'forward' : { replace: plain };
    },
  };
}
