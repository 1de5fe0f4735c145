import { createHash } from 'node:crypto';
import { type Node, parseSync } from 'oxc-parser';
import type { HostMutant } from './host-mutant.ts';
import { type Change, Site, type Span } from './site.ts';
import { argumentChanges } from './sites/arguments.ts';
import { boundChanges } from './sites/bounds.ts';
import { constantChanges, defaultChanges } from './sites/constants.ts';
import { fallbackChanges } from './sites/fallbacks.ts';
import { listChanges } from './sites/lists.ts';
import { operatorChanges } from './sites/operators.ts';
import { propertyChanges } from './sites/properties.ts';
import { stageChanges } from './sites/stages.ts';
import { statementChanges } from './sites/statements.ts';
import { calledName, isFunction, valuesBelow } from './syntax.ts';
import type { TypeFacts } from './type-facts.ts';

const CHANGES = [
  operatorChanges,
  constantChanges,
  defaultChanges,
  fallbackChanges,
  boundChanges,
  listChanges,
  statementChanges,
  stageChanges,
  argumentChanges,
  propertyChanges,
];

/**
 * Every mutant of a TypeScript file, in the order of the text. Types, imports and what errors say
 * stay; so do invariants, which hold in every run, whatever they are made to be, and what records
 * give to tests.
 */
export function hostMutantsOf(
  file: string,
  source: string,
  types: TypeFacts,
): readonly HostMutant[] {
  const { program, errors } = parseSync(file, source);
  if (errors[0]) throw new Error(`${file} does not parse: ${errors[0].message}`);
  const found: Placed[] = [];
  const ancestors: Node[] = [];
  const visit = (node: Node): void => {
    if (isLeftOut(node)) return;
    const site = new Site(node, [...ancestors], source);
    for (const change of CHANGES.flatMap((changesOf) => changesOf(site, types)))
      found.push({ change, site });
    ancestors.push(node);
    for (const child of valuesBelow(node)) visit(child);
    ancestors.pop();
  };
  visit(program);
  return numbered(file, source, found);
}

/** Parts of a record: what tests compute with, and mistakes that they must see. */
const GIVEN_TO_TESTS: ReadonlySet<string> = new Set(['samples', 'faults', 'plausibleBugs']);

interface Placed {
  readonly change: Change;
  readonly site: Site;
}

function isLeftOut(node: Node): boolean {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'ExportSpecifier':
    case 'ThrowStatement':
      return true;
    case 'ExpressionStatement':
      return calledName(node.expression) === 'invariant';
    case 'NewExpression':
    case 'CallExpression':
      return /(?:^URL|Error)$/.test(calledName(node)) || isGlob(node);
    case 'Property':
      return node.key.type === 'Identifier' && GIVEN_TO_TESTS.has(node.key.name);
    case 'ClassDeclaration':
      return node.superClass?.type === 'Identifier' && node.superClass.name.endsWith('Error');
    default:
      return false;
  }
}

/** `import.meta.glob(...)`, which the build reads as it stands. */
function isGlob(node: Node): boolean {
  return (
    node.type === 'CallExpression' &&
    node.callee.type === 'MemberExpression' &&
    node.callee.object.type === 'MetaProperty'
  );
}

function numbered(file: string, source: string, found: readonly Placed[]): HostMutant[] {
  const order = (a: Change, b: Change) => a.start - b.start || a.end - b.end;
  const counts = new Map<string, number>();
  const lineOf = lineFinder(source);
  return [...found]
    .sort((a, b) => order(a.change, b.change))
    .map(({ change, site }) => {
      const line = lineOf(change.start);
      const key = `${change.operator};${line}`;
      const n = (counts.get(key) ?? 0) + 1;
      counts.set(key, n);
      const atLoad = !runsLater([...site.ancestors, site.node]);
      return { file, line, n, atLoad, statement: hashOf(statementAround(site)), ...change };
    });
}

function lineFinder(source: string): (offset: number) => number {
  const ends = [...source.matchAll(/\n/g)].map(({ index }) => index);
  return (offset) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) < offset) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

/** Whether what stands at the end of a path runs with a call, rather than with the module. */
function runsLater(path: readonly Node[]): boolean {
  return path.some(
    (node) => isFunction(node) || (node.type === 'PropertyDefinition' && !node.static),
  );
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** The innermost statement around a place; of those that hold others, what stands before them. */
function statementAround(site: Site): string {
  const path = [...site.ancestors, site.node];
  const around = path.findLast(isStatement);
  return site.textOf(around ? { start: around.start, end: headEnd(around) } : site.node);
}

function isStatement(node: Node): boolean {
  return (
    (node.type.endsWith('Statement') && node.type !== 'BlockStatement') ||
    node.type.endsWith('Declaration') ||
    node.type.endsWith('Definition')
  );
}

function headEnd(node: Node): number {
  return bodyOf(node)?.start ?? node.end;
}

function bodyOf(node: Node): Span | null | undefined {
  switch (node.type) {
    case 'IfStatement':
      return node.consequent;
    case 'ForStatement':
    case 'ForOfStatement':
    case 'ForInStatement':
    case 'WhileStatement':
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node.body;
    case 'SwitchStatement':
      return node.cases[0];
    case 'TryStatement':
      return node.block;
    case 'MethodDefinition':
      return node.value.body;
    default:
      return undefined;
  }
}
