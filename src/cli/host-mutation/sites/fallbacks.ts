import type { Change, Site } from '../site.ts';

/**
 * `a ?? b` that is always the one, or always the other; of `a ?? false` the other alone, since
 * what is undefined is as good as false.
 */
export function fallbackChanges(site: Site): readonly Change[] {
  const { node } = site;
  if (node.type !== 'LogicalExpression' || node.operator !== '??') return [];
  const sides = site.textOf(node.right) === 'false' ? [node.right] : [node.left, node.right];
  return sides.map((side) => site.choose('drop-fallback', `(${site.textOf(side)})`));
}
