import type { Node, Statement } from 'oxc-parser';
import type { Change, Site } from '../site.ts';
import { valuesBelow } from '../syntax.ts';
import { isPlainStatement } from './statements.ts';

/** What makes buffers, and owns them: in which order fields are given theirs says nothing. */
const MAKERS = ['gpu', 'device', 'owned', 'scope'];

/**
 * Two neighbouring statements in the other order, where one may see what the other did: those that
 * name nothing in common are the same in either order.
 */
export function stageChanges(site: Site): readonly Change[] {
  const body = statementsOf(site.node);
  const method = site.ancestors.at(-2);
  const isConstructor = method?.type === 'MethodDefinition' && method.kind === 'constructor';
  return body.flatMap((first, i) => {
    const second = body[i + 1];
    if (!second || !isPlainStatement(first) || !isPlainStatement(second)) return [];
    return site.textOf(first) !== site.textOf(second) && mayMeet(first, second, isConstructor)
      ? [reordered(site, first, second)]
      : [];
  });
}

function statementsOf(node: Node): readonly (Statement | Node)[] {
  switch (node.type) {
    case 'Program':
    case 'BlockStatement':
    case 'StaticBlock':
      return node.body;
    case 'SwitchCase':
      return node.consequent;
    default:
      return [];
  }
}

function reordered(site: Site, first: Node, second: Node): Change {
  return {
    ...site.swap('swap-stages', first, second),
    switches: [
      { form: 'insert', start: first.start, text: site.textOf(second) },
      { form: 'skip', start: second.start, end: second.end },
    ],
  };
}

/** What a statement names, and what of it it may change. */
interface Names {
  readonly all: Set<string>;
  readonly changed: Set<string>;
  /** Names of what it adds to, where the order of additions says nothing. */
  readonly added: Set<string>;
}

function mayMeet(first: Node, second: Node, areInConstructor: boolean): boolean {
  const [one, other] = [first, second].map((statement) => {
    const names = namesOf(statement);
    if (areInConstructor && isOfField(statement)) for (const name of MAKERS) names.added.add(name);
    return names;
  }) as [Names, Names];
  return meets(one, other) || meets(other, one);
}

/** Whether one changes a name that the other uses, otherwise than by adding to it. */
function meets(one: Names, other: Names): boolean {
  return [...one.changed].some(
    (name) => name !== '' && other.all.has(name) && !(one.added.has(name) && other.added.has(name)),
  );
}

/** `this.x = ...` */
function isOfField(statement: Node): boolean {
  if (statement.type !== 'ExpressionStatement') return false;
  const { expression } = statement;
  return expression.type === 'AssignmentExpression' && rootOf(expression.left).startsWith('this.');
}

function namesOf(statement: Node): Names {
  const names: Names = { all: new Set(), changed: new Set(), added: new Set() };
  collect(statement, names);
  return names;
}

function collect(node: Node, names: Names): void {
  switch (node.type) {
    case 'AssignmentExpression': {
      const name = rootOf(node.left);
      names.changed.add(name);
      if (node.operator === '+=' || node.operator === '-=') names.added.add(name);
      if (node.operator !== '=' || node.right.type !== 'Identifier') break;
      // A reference is the same one, whatever is done to what it names.
      collect(node.left, names);
      return;
    }
    case 'UpdateExpression':
      names.changed.add(rootOf(node.argument));
      break;
    case 'CallExpression':
      if (isOfNumbers(node.callee)) break;
      for (const name of receiversOf(node.callee)) names.changed.add(name);
      for (const argument of node.arguments) names.changed.add(rootOf(argument));
      break;
    case 'NewExpression':
      for (const argument of node.arguments) names.changed.add(rootOf(argument));
      break;
    default:
  }
  const root = rootOf(node);
  if (root) names.all.add(root);
  for (const child of valuesBelow(node)) collect(child, names);
}

/** Whether a function of `Math` or `Number` is called, which changes nothing. */
function isOfNumbers(callee: Node): boolean {
  return callee.type === 'MemberExpression' && /^(?:Math|Number)$/.test(rootOf(callee.object));
}

/** What a call may change besides what it is given; a method of one's own may change anything. */
function receiversOf(callee: Node): readonly string[] {
  if (callee.type !== 'MemberExpression') return [];
  return callee.object.type === 'ThisExpression' ? ['this'] : [rootOf(callee.object)];
}

/** `a` of `a.b[c].d`; `this.b` of `this.b.c`; a text that nothing is named by for other nodes. */
function rootOf(node: Node): string {
  switch (node.type) {
    case 'Identifier':
      return node.name;
    case 'ThisExpression':
      return 'this';
    case 'MemberExpression': {
      const isOwn = node.object.type === 'ThisExpression' && !node.computed;
      return isOwn ? `this.${nameOf(node.property)}` : rootOf(node.object);
    }
    case 'CallExpression':
      return rootOf(node.callee);
    case 'TSNonNullExpression':
    case 'TSAsExpression':
    case 'ParenthesizedExpression':
    case 'ChainExpression':
    case 'SpreadElement':
    case 'AwaitExpression':
      return rootOf('argument' in node ? node.argument : node.expression);
    default:
      return '';
  }
}

function nameOf(node: Node): string {
  return 'name' in node && typeof node.name === 'string' ? node.name : '';
}
