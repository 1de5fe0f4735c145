import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { isNode, type Node, visit } from './syntax.ts';

/** One import of one file by another, however it is written. */
export interface Import {
  readonly from: string;
  /** A path from the root; of a glob, the folder before its first wildcard. */
  readonly to: string;
  /** Whether `to` is a folder of files that a glob finds. */
  readonly glob: boolean;
}

/**
 * The relative imports of a file: static and dynamic, of values and types, re-exports,
 * `import.meta.glob` and `new URL(...)`.
 */
export function importsOf(file: string, source: string): readonly Import[] {
  const { program, module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
  ];
  const globs: string[] = [];
  visit(program, (node) => {
    const { type } = node;
    if (type === 'ImportExpression' || type === 'TSImportType')
      specifiers.push(...strings(node['source'] ?? node['argument']));
    if (type === 'CallExpression' && isImportMeta(node['callee'], 'glob'))
      globs.push(...strings(first(node)));
    if (type === 'NewExpression' && isUrl(node['callee']))
      specifiers.push(...strings(first(node)).filter((text) => text.endsWith('.ts')));
  });
  const resolve = (specifier: string) => posix.join(posix.dirname(file), specifier);
  return [
    ...unique(specifiers).map((specifier) => ({
      from: file,
      to: resolve(specifier.split('?')[0] ?? ''),
      glob: false,
    })),
    ...unique(globs).map((pattern) => ({
      from: file,
      to: resolve(pattern.replace(/[^/]*[*{[].*$/, '')),
      glob: true,
    })),
  ];
}

/**
 * The shortest import cycles, each as its files in order, one for each group of files that reach
 * each other.
 */
export function cyclesOf(imports: readonly Import[]): readonly (readonly string[])[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports.filter(({ glob }) => !glob))
    targets.set(from, [...(targets.get(from) ?? []), to]);
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const start of targets.keys()) {
    if (seen.has(start)) continue;
    const cycle = shortestWayBack(start, targets);
    for (const file of cycle ?? []) seen.add(file);
    if (cycle) found.push(cycle);
  }
  return found;
}

function shortestWayBack(
  start: string,
  targets: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const target of targets.get(file) ?? []) {
      if (target === start) {
        const way = [file];
        while (way[0] !== start) way.unshift(cameFrom.get(way[0] as string) as string);
        return way;
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  }
  return undefined;
}

function first(node: Node): unknown {
  return Array.isArray(node['arguments']) ? node['arguments'][0] : undefined;
}

/** The relative paths in a literal, or in an array of them. */
function strings(value: unknown): string[] {
  if (!isNode(value)) return [];
  if (value.type === 'ArrayExpression' && Array.isArray(value['elements']))
    return value['elements'].flatMap(strings);
  if (value.type === 'TSLiteralType') return strings(value['literal']);
  return value.type === 'Literal' && typeof value['value'] === 'string' ? [value['value']] : [];
}

function isImportMeta(callee: unknown, property: string): boolean {
  return isNode(callee) &&
    callee.type === 'MemberExpression' &&
    isNode(callee['object']) &&
    callee['object'].type === 'MetaProperty'
    ? isNode(callee['property']) && callee['property']['name'] === property
    : false;
}

function isUrl(callee: unknown): boolean {
  return isNode(callee) && callee.type === 'Identifier' && callee['name'] === 'URL';
}

function unique(specifiers: readonly string[]): readonly string[] {
  return [...new Set(specifiers)].filter((specifier) => specifier.startsWith('.'));
}
