import { isNode, type Node } from '../../src/cli/syntax/syntax.ts';

type Operation = (a: number, b: number) => number;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '**': (a, b) => a ** b,
};

/** Functions of numbers that a constant may be written with. */
const FUNCTIONS: Readonly<Record<string, (...numbers: number[]) => number>> = {
  exp: Math.exp,
  fround: Math.fround,
  pow: Math.pow,
  sqrt: Math.sqrt,
  Number,
  parseFloat: Number,
};

/** The value of an expression that holds nothing but numbers; undefined of any other. */
export function constantOf(node: unknown): number | undefined {
  if (!isNode(node)) return undefined;
  switch (node.type) {
    case 'Literal':
      return Number.isFinite(Number(node['value'])) && typeof node['value'] !== 'boolean'
        ? Number(node['value'])
        : undefined;
    case 'ParenthesizedExpression':
      return constantOf(node['expression']);
    case 'UnaryExpression':
      return apply((x) => (node['operator'] === '-' ? -x : x), node['argument']);
    case 'BinaryExpression':
      return apply(OPERATIONS[String(node['operator'])], node['left'], node['right']);
    case 'MemberExpression':
      return nameOf(node) === 'EPSILON' ? Number.EPSILON : undefined;
    case 'CallExpression':
      return apply(FUNCTIONS[nameOf(node['callee'])], ...(node['arguments'] as unknown[]));
    default:
      return undefined;
  }
}

/** Whether a node calls a function or method of one of these names. */
export function isCallOf(node: Node, names: readonly string[]): boolean {
  return node.type === 'CallExpression' && names.includes(nameOf(node['callee']));
}

function apply(
  f: ((...numbers: number[]) => number) | undefined,
  ...nodes: readonly unknown[]
): number | undefined {
  const values = nodes.map(constantOf);
  return f && values.every((value) => value !== undefined) ? f(...(values as number[])) : undefined;
}

/** The last name of `f`, `Math.exp` or `x.toFixed`. */
function nameOf(callee: unknown): string {
  if (!isNode(callee)) return '';
  const name = callee.type === 'MemberExpression' ? callee['property'] : callee;
  return isNode(name) ? String(name['name'] ?? '') : '';
}
