import type { Node } from 'oxc-parser';
import type { Change, Site } from '../site.ts';

/** An array of more is a set or a table, where the order says little. */
const LONGEST = 8;

/** A spread that is not there, and neighbours of a short array in each other's place. */
export function listChanges(site: Site): readonly Change[] {
  const { node, parent } = site;
  if (node.type === 'SpreadElement') {
    const nothing = parent?.type === 'ObjectExpression' ? '{}' : '[]';
    const { argument } = node;
    return site.textOf(argument) === nothing
      ? []
      : [site.choose('drop-spread', nothing, argument, argument)];
  }
  if (node.type !== 'ArrayExpression' || node.elements.length > LONGEST) return [];
  return node.elements.flatMap((element, i) => {
    const next = node.elements[i + 1];
    return element && next && isStage(element) && isStage(next) && differ(site, element, next)
      ? [site.swap('swap-stages', element, next)]
      : [];
  });
}

function isStage({ type }: Node): boolean {
  return type === 'Identifier' || type === 'MemberExpression' || type === 'CallExpression';
}

function differ(site: Site, first: Node, second: Node): boolean {
  return site.textOf(first) !== site.textOf(second);
}
