import { parseSync } from 'oxc-parser';
import { isNode, type Node, visit } from '../../src/cli/syntax/syntax.ts';
import { constantOf, isCallOf } from './constants.ts';

/** A small number that decides, or may decide, whether a result is right. */
export interface Limit {
  readonly file: string;
  /** The number, or the comparison that holds it, as the source has it. */
  readonly text: string;
}

const COMPARISONS = new Set(['<', '<=', '>', '>=', '==', '===', '!=', '!==']);
/** What makes near numbers equal ones. */
const ROUNDINGS = ['toFixed', 'toPrecision', 'round'];
const LIMIT = /tol|limit|margin|slack|bound|within|error|band|accept/i;
const SMALL = 0.1;
/** A factor that makes a small difference one that a plain number is compared with. */
const LARGE = 1000;

/**
 * Small numbers, however they are written, that are compared with something or given a name (as a
 * constant, a default, a property, a field), and comparisons with something rounded or multiplied
 * by a large number.
 */
export function limits(file: string, source: string): readonly Limit[] {
  const found: Limit[] = [];
  visit(parsed(file, source), (node) => {
    const named = valueNamedBy(node);
    const isLimit = isNode(named) && isSmallNumber(named);
    const decides =
      node.type === 'BinaryExpression' &&
      COMPARISONS.has(String(node['operator'])) &&
      holds(node, hidesOrIsSmall);
    if (isLimit || decides) found.push({ file, text: textOf(source, node) });
  });
  return found;
}

/** Calls that are given a small number: as in `near(a, b, 1e-5)`. */
export function smallArguments(file: string, source: string): readonly Limit[] {
  const found: Limit[] = [];
  visit(parsed(file, source), (node) => {
    if (node.type !== 'CallExpression') return;
    if (
      (node['arguments'] as unknown[]).some(
        (argument) => isNode(argument) && isSmallNumber(argument),
      )
    ) {
      found.push({ file, text: textOf(source, node) });
    }
  });
  return found;
}

/** Every small number. */
export function smallNumbers(file: string, source: string): readonly Limit[] {
  const found: Node[] = [];
  visit(parsed(file, source), (node) => {
    const isPart = found.some(
      ({ start, end }) =>
        (start as number) <= (node['start'] as number) &&
        (node['end'] as number) <= (end as number),
    );
    if (!isPart && isSmallNumber(node)) found.push(node);
  });
  return found.map((node) => ({ file, text: textOf(source, node) }));
}

function parsed(file: string, source: string): unknown {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  return program;
}

/**
 * What a declaration gives a name to; of properties, which are data as a rule, those whose name
 * speaks of a limit.
 */
function valueNamedBy(node: Node): unknown {
  if (node.type === 'VariableDeclarator') return node['init'];
  if (node.type === 'AssignmentPattern') return node['right'];
  const isField =
    node.type === 'PropertyDefinition' ||
    (node.type === 'Property' && isNode(node['key']) && LIMIT.test(String(node['key']['name'])));
  return isField ? node['value'] : undefined;
}

function hidesOrIsSmall(node: Node): boolean {
  if (isSmallNumber(node) || isCallOf(node, ROUNDINGS)) return true;
  return (
    node.type === 'BinaryExpression' &&
    node['operator'] === '*' &&
    [node['left'], node['right']].some((factor) => (constantOf(factor) ?? 0) >= LARGE)
  );
}

function holds(node: Node, is: (part: Node) => boolean): boolean {
  let found = false;
  visit(node, (part) => {
    found ||= is(part);
  });
  return found;
}

function isSmallNumber(node: Node): boolean {
  const size = Math.abs(constantOf(node) ?? 0);
  const isPower =
    node.type === 'BinaryExpression' &&
    node['operator'] === '**' &&
    isNode(node['right']) &&
    node['right'].type === 'UnaryExpression';
  return isPower || (size > 0 && size < SMALL);
}

function textOf(source: string, { start, end }: Node): string {
  return source.slice(start as number, end as number).replace(/\s+/g, ' ');
}
