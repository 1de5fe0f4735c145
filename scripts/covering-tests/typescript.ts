import { parseSync } from 'oxc-parser';
import type { SourceFault } from '../../src/catalog/covers.ts';
import { isNode, type Node, visit } from '../../src/cli/syntax/syntax.ts';
import { UncontrolledError, type WrittenTest } from './written.ts';

/**
 * The tests of a TypeScript file that cover rows: `test('title',
 * covers('row/clause').control('name', { file, from, to }), ...)`, or with `{ ...covers(...), tag }`.
 * Throws Error where one names no control or something is not written out.
 */
export function inTypeScript(file: string, source: string): readonly WrittenTest[] {
  const found: WrittenTest[] = [];
  visit(parseSync(file, source).program, (node) => {
    const [title, details] = argumentsOf(node);
    if (!title || !details) return;
    const options = spreadIn(details) ?? details;
    if (isCallOf(options, 'covers')) throw new UncontrolledError(file, textOf(title) ?? '');
    const covers = callBefore(options, 'control');
    if (!covers || !isCallOf(covers, 'covers')) return;
    const [name, fault] = argumentsOf(options);
    found.push({
      title: written(file, title),
      covers: argumentsOf(covers).map((id) => written(file, id)),
      control: written(file, name),
      fault: faultOf(file, fault),
    });
  });
  return found;
}

function faultOf(file: string, node: Node | undefined): SourceFault {
  const { file: path, from, to, text } = node ? textsOf(node) : {};
  if (path !== undefined && from !== undefined && to !== undefined) return { file: path, from, to };
  if (path !== undefined && text !== undefined) return { file: path, text };
  throw new NotWrittenError(file);
}

/** The build reads the source and runs nothing of it. */
class NotWrittenError extends Error {
  constructor(file: string) {
    super(`${file}: a test that covers rows has title, ids and control written out`);
  }
}

function written(file: string, node: Node | undefined): string {
  const text = node && textOf(node);
  if (text === undefined) throw new NotWrittenError(file);
  return text;
}

/** A text in quotes, or between backticks without anything computed. */
function textOf(node: Node): string | undefined {
  if (node.type !== 'TemplateLiteral')
    return typeof node['value'] === 'string' ? node['value'] : undefined;
  const [only, ...others] = node['quasis'] as readonly { readonly value: { cooked: string } }[];
  return others.length === 0 ? only?.value.cooked : undefined;
}

/** The properties of an object that are texts. */
function textsOf(node: Node): Readonly<Record<string, string>> {
  return Object.fromEntries(
    nodesOf(node, 'ObjectExpression', 'properties').flatMap(({ key, value }) => {
      const text = isNode(value) ? textOf(value) : undefined;
      return isNode(key) && text !== undefined ? [[String(key['name']), text]] : [];
    }),
  );
}

function isCallOf(node: Node, name: string): boolean {
  const callee = node['callee'];
  return isNode(callee) && callee['name'] === name;
}

/** Of `object.name(...)` the object. */
function callBefore(node: Node, name: string): Node | undefined {
  const callee = node['callee'];
  if (!isNode(callee) || callee.type !== 'MemberExpression') return undefined;
  const { object, property } = callee;
  return isNode(property) && property['name'] === name && isNode(object) ? object : undefined;
}

/** What an object starts with, where that is another's properties. */
function spreadIn(node: Node): Node | undefined {
  const [first] = nodesOf(node, 'ObjectExpression', 'properties');
  const spread = first?.type === 'SpreadElement' ? first['argument'] : undefined;
  return isNode(spread) ? spread : undefined;
}

function argumentsOf(node: Node): readonly Node[] {
  return nodesOf(node, 'CallExpression', 'arguments');
}

/** The nodes that a node of this type has in a list. */
function nodesOf(node: Node, type: string, list: string): readonly Node[] {
  const nodes = node.type === type ? node[list] : [];
  return Array.isArray(nodes) ? nodes.filter(isNode) : [];
}
