import { type Node, visitorKeys } from 'oxc-parser';

/** Syntax of types that holds a value; the rest of it is nothing at run time. */
const VALUES_IN_TYPES: Readonly<Record<string, string>> = {
  TSAsExpression: 'expression',
  TSSatisfiesExpression: 'expression',
  TSNonNullExpression: 'expression',
  TSTypeAssertion: 'expression',
  TSInstantiationExpression: 'expression',
};

/** The nodes right below one that exist at run time. */
export function valuesBelow(node: Node): readonly Node[] {
  const only = VALUES_IN_TYPES[node.type];
  if (only) return nodesAt(node, only);
  if (node.type.startsWith('TS')) return [];
  const keys = visitorKeys[node.type] ?? [];
  return keys.flatMap((key) => (isName(node, key) ? [] : nodesAt(node, key)));
}

/** Keys of properties and names of members, which are no expressions. */
function isName(node: Node, key: string): boolean {
  switch (node.type) {
    case 'Property':
    case 'PropertyDefinition':
    case 'MethodDefinition':
    case 'AccessorProperty':
      return key === 'key' && !node.computed;
    case 'MemberExpression':
      return key === 'property' && !node.computed;
    default:
      return false;
  }
}

function nodesAt(node: Node, key: string): readonly Node[] {
  const value = (node as unknown as Readonly<Record<string, unknown>>)[key];
  return (Array.isArray(value) ? value : [value]).filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** Whether a node is a function of any form. */
export function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

/** `a` and `a.b`. */
export function isNamed({ type }: Node): boolean {
  return type === 'Identifier' || type === 'MemberExpression';
}

/** Without the syntax of types and parentheses around it. */
export function bare(node: Node): Node {
  switch (node.type) {
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
      return bare(node.expression);
    default:
      return node;
  }
}

/** `name` of `name(...)`, `a.name(...)` and `new name(...)`; an empty text for other calls. */
export function calledName(node: Node): string {
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return '';
  const callee = bare(node.callee);
  if (callee.type === 'Identifier') return callee.name;
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
    ? callee.property.name
    : '';
}

/** Whether an expression gives a value and does nothing else, getters aside. */
export function doesNothing(node: Node): boolean {
  switch (node.type) {
    case 'CallExpression': {
      const { callee } = node;
      const isMath =
        callee.type === 'MemberExpression' &&
        callee.object.type === 'Identifier' &&
        callee.object.name === 'Math';
      return isMath && node.arguments.every(doesNothing);
    }
    case 'NewExpression':
    case 'AssignmentExpression':
    case 'UpdateExpression':
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'TaggedTemplateExpression':
    case 'ImportExpression':
    case 'SpreadElement':
    case 'ClassExpression':
      return false;
    case 'UnaryExpression':
      return node.operator !== 'delete' && doesNothing(node.argument);
    default:
      return isFunction(node) || valuesBelow(node).every(doesNothing);
  }
}
