import type { Node, Statement } from 'oxc-parser';
import type { Change, Site } from '../site.ts';
import { isFunction } from '../syntax.ts';

/**
 * A statement that is not there; a guard that lets everything pass; a function that ends at its
 * first statement behind the guards; a resource that is not released.
 */
export function statementChanges(site: Site): readonly Change[] {
  const { node } = site;
  switch (node.type) {
    case 'ExpressionStatement':
      return isPlainStatement(node) ? [site.skip('drop-statement')] : [];
    case 'BreakStatement':
    case 'ContinueStatement':
      return isAfterAnother(site) ? [site.skip('drop-statement')] : [];
    case 'IfStatement':
      return isGuard(node)
        ? [site.skip(endsInThrow(node) ? 'drop-statement' : 'early-return')]
        : [];
    case 'VariableDeclaration':
      return kept(site, node);
    case 'BlockStatement':
      return endsEarly(site, node.body);
    default:
      return [];
  }
}

/** No directive, and no call of a parent's constructor, without which there is no object. */
export function isPlainStatement(node: Node): boolean {
  if (node.type !== 'ExpressionStatement' || ('directive' in node && node.directive)) return false;
  const { expression } = node;
  return !(expression.type === 'CallExpression' && expression.callee.type === 'Super');
}

/** A jump by itself is a guard, and one at the end of a case says where it ends. */
function isAfterAnother({ node, parent }: Site): boolean {
  return parent?.type === 'BlockStatement' && parent.body[0] !== node;
}

/** `if (condition) return;` and the like. */
function isGuard(node: Node): boolean {
  return (
    node.type === 'IfStatement' &&
    !node.alternate &&
    /^(?:Return|Throw|Continue|Break)Statement$/.test(only(node.consequent).type)
  );
}

function endsInThrow(node: Node): boolean {
  return node.type === 'IfStatement' && only(node.consequent).type === 'ThrowStatement';
}

/** The statement of a block that has one. */
function only(node: Node): Node {
  return node.type === 'BlockStatement' && node.body.length === 1 ? (node.body[0] as Node) : node;
}

/** `using x = ...` as `const x = ...`. */
function kept(site: Site, node: Node): readonly Change[] {
  if (node.type !== 'VariableDeclaration' || !node.kind.endsWith('using')) return [];
  const [first, ...others] = node.declarations;
  const inLoop = site.parent?.type.startsWith('For');
  if (first?.id.type !== 'Identifier' || others.length > 0 || inLoop) return [];
  const { start, end } = node;
  return [
    {
      operator: 'drop-statement',
      start,
      end: start + node.kind.length,
      replacement: 'const',
      switches: [{ form: 'keep', start, end, keyword: node.kind, name: first.id.name }],
    },
  ];
}

/** A function that gives nothing, and does at least two things behind its guards. */
function endsEarly(site: Site, body: readonly Statement[]): readonly Change[] {
  const owner = site.parent;
  const grandparent = site.ancestors.at(-2);
  if (!owner || !isFunction(owner) || !('body' in owner) || owner.body !== site.node) return [];
  if (grandparent?.type === 'MethodDefinition' && grandparent.kind !== 'method') return [];
  if (!givesNothing(site, owner, body)) return [];
  const first = body.findIndex((node) => !isGuard(node) && isPlain(node));
  const at = body[first];
  return at && body.length - first > 1
    ? [
        {
          operator: 'early-return',
          start: at.start,
          end: at.start,
          replacement: 'return; ',
          switches: [{ form: 'insert', start: at.start, text: 'return;' }],
        },
      ]
    : [];
}

function isPlain({ type }: Node): boolean {
  return type !== 'FunctionDeclaration' && !type.startsWith('TS');
}

const NOTHING = /^:\s*(?:void|Promise<void>|(?:Async)?(?:Generator|Iterable|IterableIterator)<.*)$/;

function givesNothing(site: Site, owner: Node, body: readonly Statement[]): boolean {
  const declared = 'returnType' in owner && owner.returnType ? site.textOf(owner.returnType) : '';
  return declared === '' ? !body.some(returnsValue) : NOTHING.test(declared);
}

/** Whether a `return` with a value stands in a statement, functions within left out. */
function returnsValue(node: Node): boolean {
  if (isFunction(node) || node.type === 'ClassDeclaration') return false;
  if (node.type === 'ReturnStatement') return node.argument !== null;
  return statementsBelow(node).some(returnsValue);
}

function statementsBelow(node: Node): readonly Node[] {
  switch (node.type) {
    case 'BlockStatement':
      return node.body;
    case 'IfStatement':
      return [node.consequent, ...(node.alternate ? [node.alternate] : [])];
    case 'ForStatement':
    case 'ForOfStatement':
    case 'ForInStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'LabeledStatement':
      return [node.body];
    case 'TryStatement':
      return [
        node.block,
        ...(node.handler ? [node.handler.body] : []),
        ...(node.finalizer ? [node.finalizer] : []),
      ];
    case 'SwitchStatement':
      return node.cases.flatMap(({ consequent }) => consequent);
    default:
      return [];
  }
}
