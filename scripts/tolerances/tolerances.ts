import { parseSync } from 'oxc-parser';
import { isNode, type Node, visit } from '../imports/syntax.ts';

/** A small number that decides, or may decide, whether a result is right. */
export interface Suspect {
  readonly file: string;
  /** The number, or the comparison that holds it, as the source has it. */
  readonly text: string;
}

const COMPARISONS = new Set(['<', '<=', '>', '>=']);

/** Small numbers that are compared with something, or made constants: written out, or as a power with a negative exponent. */
export function limits(file: string, source: string): readonly Suspect[] {
  const found: Suspect[] = [];
  visit(parsed(file, source), (node) => {
    const isConstant = node.type === 'VariableDeclarator' && isNode(node['init']) && isSmallNumber(node['init']);
    if (isConstant || (isComparison(node) && holdsSmallNumber(node))) found.push({ file, text: textOf(source, node) });
  });
  return found;
}

/** Every small number. */
export function smallNumbers(file: string, source: string): readonly Suspect[] {
  const found: Suspect[] = [];
  visit(parsed(file, source), (node) => {
    if (isSmallNumber(node)) found.push({ file, text: textOf(source, node) });
  });
  return found;
}

function parsed(file: string, source: string): unknown {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  return program;
}

function isComparison(node: Node): boolean {
  return node.type === 'BinaryExpression' && COMPARISONS.has(String(node['operator']));
}

function holdsSmallNumber(node: Node): boolean {
  let holds = false;
  visit(node, (part) => {
    holds ||= isSmallNumber(part);
  });
  return holds;
}

function isSmallNumber(node: Node): boolean {
  if (node.type === 'Literal') return typeof node['value'] === 'number' && node['value'] > 0 && node['value'] < 0.1;
  return node.type === 'BinaryExpression' && node['operator'] === '**' && isNode(node['right']) && node['right'].type === 'UnaryExpression';
}

function textOf(source: string, { start, end }: Node): string {
  return source.slice(start as number, end as number).replace(/\s+/g, ' ');
}
