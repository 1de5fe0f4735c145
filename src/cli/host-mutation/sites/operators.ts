import type { Node } from 'oxc-parser';
import type { HostOperator } from '../host-mutant.ts';
import type { Change, Site } from '../site.ts';
import { bare } from '../syntax.ts';

/** Operators of equal rank, so that the tree around them stays. */
const SWAPPED: Readonly<Record<string, readonly [HostOperator, string]>> = {
  '+': ['arithmetic', '-'],
  '-': ['arithmetic', '+'],
  '*': ['arithmetic', '/'],
  '/': ['arithmetic', '*'],
  '%': ['arithmetic', '/'],
  '<<': ['arithmetic', '>>'],
  '>>': ['arithmetic', '<<'],
  '>>>': ['arithmetic', '>>'],
  '<': ['comparison', '<='],
  '<=': ['comparison', '<'],
  '>': ['comparison', '>='],
  '>=': ['comparison', '>'],
  '==': ['comparison', '!='],
  '!=': ['comparison', '=='],
  '===': ['comparison', '!=='],
  '!==': ['comparison', '==='],
  '+=': ['arithmetic', '-='],
  '-=': ['arithmetic', '+='],
  '*=': ['arithmetic', '/='],
  '/=': ['arithmetic', '*='],
  '%=': ['arithmetic', '/='],
  '**=': ['arithmetic', '*='],
  '<<=': ['arithmetic', '>>='],
  '>>=': ['arithmetic', '<<='],
  '>>>=': ['arithmetic', '>>='],
  '|=': ['arithmetic', '&='],
  '&=': ['arithmetic', '|='],
  '^=': ['arithmetic', '&='],
};

/** Those of another rank are put in parentheses, so that they take the same operands. */
const SWAPPED_IN_PARENTHESES: Readonly<Record<string, readonly [HostOperator, string]>> = {
  '**': ['arithmetic', '*'],
  '&': ['arithmetic', '|'],
  '|': ['arithmetic', '&'],
  '^': ['arithmetic', '|'],
  '&&': ['logic', '||'],
  '||': ['logic', '&&'],
};

const SWAPPED_CALLS: Readonly<Record<string, string>> = {
  max: 'min',
  min: 'max',
  floor: 'ceil',
  ceil: 'floor',
  round: 'floor',
  trunc: 'ceil',
};

/** A sign, an operator or a function of `Math` that is another; a condition turned round. */
export function operatorChanges(site: Site): readonly Change[] {
  const { node, parent } = site;
  switch (node.type) {
    case 'BinaryExpression':
      return isText(node) ? [] : swapped(site, node, isLoopTest(node, parent));
    case 'LogicalExpression':
    case 'AssignmentExpression':
      return isText(bare(node.right)) ? [] : swapped(site, node, false);
    case 'UnaryExpression':
      if (node.operator === '!') return [site.choose('logic', `(${site.textOf(node.argument)})`)];
      return node.operator === '-'
        ? [site.choose('arithmetic', `(${site.textOf(node.argument)})`)]
        : [];
    case 'UpdateExpression': {
      const isLoopUpdate = parent?.type === 'ForStatement' && parent.update === node;
      const other = node.operator === '++' ? '--' : '++';
      const text = site.textOf(node).replace(node.operator, other);
      return isLoopUpdate ? [] : [site.choose('arithmetic', text)];
    }
    case 'CallExpression':
      return otherCall(site, node);
    case 'IfStatement':
    case 'ConditionalExpression':
      return negated(site, node.test);
    default:
      return [];
  }
}

interface Infix {
  readonly type: string;
  readonly operator: string;
  readonly left: Node;
  readonly right: Node;
}

function swapped(site: Site, node: Infix, isLoopTest: boolean): readonly Change[] {
  const { left, right, operator } = node;
  const plain = SWAPPED[operator];
  if (plain) {
    const between = site.textOf({ start: left.end, end: right.start });
    const start = left.end + between.indexOf(operator);
    const at = { start, end: start + operator.length };
    return [site.choose(isLoopTest ? 'off-by-one' : plain[0], plain[1], at)];
  }
  const other = SWAPPED_IN_PARENTHESES[operator];
  if (!other) return [];
  return [site.choose(other[0], `((${site.textOf(left)}) ${other[1]} (${site.textOf(right)}))`)];
}

function isLoopTest(node: Node, parent: Node | undefined): boolean {
  return parent?.type === 'ForStatement' && parent.test === node;
}

/** Whether `+` joins texts: what they say is held elsewhere. */
function isText(node: Node): boolean {
  if (node.type === 'TemplateLiteral') return true;
  if (node.type === 'Literal') return typeof node.value === 'string';
  return (
    node.type === 'BinaryExpression' &&
    node.operator === '+' &&
    (isText(bare(node.left)) || isText(bare(node.right)))
  );
}

function otherCall(site: Site, { callee }: { readonly callee: Node }): readonly Change[] {
  if (callee.type !== 'MemberExpression' || callee.computed) return [];
  const { object, property } = callee;
  const other =
    object.type === 'Identifier' && object.name === 'Math' && property.type === 'Identifier'
      ? SWAPPED_CALLS[property.name]
      : undefined;
  return other ? [site.choose('arithmetic', other, property)] : [];
}

/** Conditions that no other change turns round. */
function negated(site: Site, test: Node): readonly Change[] {
  switch (bare(test).type) {
    case 'Identifier':
    case 'MemberExpression':
    case 'CallExpression':
    case 'ChainExpression':
    case 'AwaitExpression':
      return [site.choose('logic', `!(${site.textOf(test)})`, test, test)];
    default:
      return [];
  }
}
