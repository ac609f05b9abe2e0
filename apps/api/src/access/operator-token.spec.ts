import { operatorCheck } from './operator-token.js';

describe('the operator token', () => {
  it('opens with its own text as a bearer token, and with nothing else', () => {
    const isOperator = operatorCheck('the-token');
    expect(['Bearer the-token', 'bearer the-token'].filter(isOperator)).toHaveLength(2);
    const strangers = ['', 'the-token', 'Bearer', 'Bearer ', 'Bearer the-toke', 'Bearer the-token ', 'Basic the-token'];
    expect([undefined, ...strangers, `Bearer ${'x'.repeat(10_000)}`].filter(isOperator)).toEqual([]);
  });

  it('opens nothing where there is none', () => {
    expect([undefined, '', 'Bearer ', 'Bearer null'].filter(operatorCheck(null))).toEqual([]);
  });
});
