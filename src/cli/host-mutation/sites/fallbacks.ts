import type { Change, Site } from '../site.ts';

/** `a ?? b` that is always the one, or always the other. */
export function fallbackChanges(site: Site): readonly Change[] {
  const { node } = site;
  if (node.type !== 'LogicalExpression' || node.operator !== '??') return [];
  return [node.left, node.right].map((side) =>
    site.choose('drop-fallback', `(${site.textOf(side)})`),
  );
}
