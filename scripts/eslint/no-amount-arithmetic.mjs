// ESLint rule of our own: amounts of money are added, priced and rounded in libs/kernel/money.ts and nowhere else. It asks
// the type checker, so a bigint that is no amount may be used freely, and an amount behind an alias is still found.
import ts from 'typescript';

const ARITHMETIC = new Set([
  '+',
  '-',
  '*',
  '/',
  '%',
  '**',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '**=',
  '++',
  '--',
  '<<',
  '>>',
]);
const MESSAGE = 'Amounts are computed in libs/kernel/money.ts only: call (or add) a function there.';
// The brand of AmountPico is a unique symbol called `pico`; TypeScript names such a member __@pico@<number>.
const BRAND = /^__@pico@/;

/** The rule, for a flat config's `plugins`. Needs type information. */
export const noAmountArithmetic = {
  meta: { type: 'problem', schema: [], messages: { outside: MESSAGE } },
  create(context) {
    const services = context.sourceCode.parserServices;
    const isAmount = (node) => hasBrand(services.getTypeAtLocation(node));
    const check = (node, operands) => {
      if (ARITHMETIC.has(node.operator) && operands.some(isAmount)) context.report({ node, messageId: 'outside' });
    };
    return {
      BinaryExpression: (node) => check(node, [node.left, node.right]),
      AssignmentExpression: (node) => check(node, [node.left, node.right]),
      UnaryExpression: (node) => check(node, [node.argument]),
      UpdateExpression: (node) => check(node, [node.argument]),
      // `5n as AmountPico` makes an amount without parsing it; Number(amount) and BigInt.asIntN leave the type.
      TSAsExpression(node) {
        if (isAmount(node) && !isAmount(node.expression)) context.report({ node, messageId: 'outside' });
      },
      'CallExpression[callee.name="Number"]'(node) {
        if (node.arguments.some(isAmount)) context.report({ node, messageId: 'outside' });
      },
    };
  },
};

function hasBrand(type) {
  if (type.isUnionOrIntersection()) return type.types.some(hasBrand);
  return (type.flags & ts.TypeFlags.Object) !== 0 && type.getProperties().some((each) => BRAND.test(each.escapedName));
}
