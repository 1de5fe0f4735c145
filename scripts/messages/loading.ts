import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { childrenOf, isNode, type Node } from '../../src/cli/syntax/syntax.ts';

/** What waits for the words of a part that is loaded inside of its arguments. */
const WAITERS: readonly unknown[] = ['lazily', 'Later', 'withWords'];

/**
 * The modules that `file` loads with `import()` in no function that waits for their words, as paths
 * from where the path of `file` begins.
 */
export function loadedUnawaited(file: string, source: string): readonly string[] {
  const found: string[] = [];
  const look = (node: Node): void => {
    const { callee, source: module } = node;
    if (isNode(callee) && WAITERS.includes(callee['name'])) return;
    if (node.type === 'ImportExpression' && isNode(module))
      found.push(posix.join(posix.dirname(file), String(module['value'])));
    for (const child of childrenOf(node)) look(child);
  };
  look(parseSync(file, source).program as unknown as Node);
  return found;
}

/**
 * The files that are there once `file` is: itself, and what it imports as values, of those that
 * `sources` has.
 */
export function loadedWith(file: string, sources: ReadonlyMap<string, string>): readonly string[] {
  const found = new Set([file]);
  for (const at of found) {
    const { staticImports } = parseSync(at, sources.get(at) ?? '').module;
    for (const { moduleRequest, entries } of staticImports) {
      const to = posix.join(posix.dirname(at), moduleRequest.value);
      const isOfValues = entries.length === 0 || entries.some(({ isType }) => !isType);
      if (isOfValues && sources.has(to)) found.add(to);
    }
  }
  return [...found];
}
