import type { Node } from 'oxc-parser';
import type { Change, Site } from '../site.ts';
import { isNamed } from '../syntax.ts';
import type { TypeFacts } from '../type-facts.ts';

/** An array of more is a set or a table, where the order says little. */
const LONGEST = 8;

/**
 * A spread that is not there; neighbours of a short array in each other's place; a spread of an
 * object behind what should replace its properties.
 */
export function listChanges(site: Site, types: TypeFacts): readonly Change[] {
  const { node } = site;
  switch (node.type) {
    case 'SpreadElement':
      return dropped(site, node.argument);
    case 'ArrayExpression':
      return node.elements.length > LONGEST || isAsked(site)
        ? []
        : reordered(site, node.elements, isStage);
    case 'ObjectExpression':
      return reordered(
        site,
        node.properties,
        (first, second) => isNamedSpread(first, second) && mayMeet(first, second, types),
      );
    default:
      return [];
  }
}

function dropped(site: Site, argument: Node): readonly Change[] {
  const nothing = site.parent?.type === 'ObjectExpression' ? '{}' : '[]';
  return site.textOf(argument) === nothing
    ? []
    : [site.choose('drop-spread', nothing, argument, argument)];
}

function reordered(
  site: Site,
  elements: readonly (Node | null)[],
  matters: (first: Node, second: Node) => boolean,
): readonly Change[] {
  return elements.flatMap((first, i) => {
    const second = elements[i + 1];
    if (!first || !second || !matters(first, second)) return [];
    const swapped = site.swap('swap-stages', first, second);
    if (site.textOf(first) === site.textOf(second)) return [];
    const isPlain = isValue(first) && isValue(second);
    return [isPlain ? swapped : site.choose('swap-stages', swapped.replacement, swapped)];
  });
}

function isStage(first: Node, second: Node): boolean {
  return [first, second].every((node) => isValue(node) || node.type === 'SpreadElement');
}

/** What stands behind the spread of a named object may replace its properties. */
function isNamedSpread(first: Node, second: Node): boolean {
  return first.type === 'SpreadElement' && isNamed(first.argument) && !isConditional(second);
}

/** Whether all elements are asked the same, so that the order says nothing. */
function isAsked({ node, parent }: Site): boolean {
  return (
    parent?.type === 'MemberExpression' &&
    parent.object === node &&
    parent.property.type === 'Identifier' &&
    ['every', 'some', 'includes'].includes(parent.property.name)
  );
}

/** Whether two neighbours of an object may give it the same property. */
function mayMeet(first: Node, second: Node, types: TypeFacts): boolean {
  const one = propertiesOf(first, types);
  const other = propertiesOf(second, types);
  return !one || !other || one.some((name) => other.includes(name));
}

function propertiesOf(node: Node, types: TypeFacts): readonly string[] | undefined {
  if (node.type === 'SpreadElement') return types.propertiesOf(node.argument);
  const isPlain = node.type === 'Property' && !node.computed && node.key.type === 'Identifier';
  return isPlain ? [(node.key as Node & { type: 'Identifier' }).name] : undefined;
}

/** `...(a ? { b } : {})` adds what is nowhere else. */
function isConditional(node: Node): boolean {
  return node.type === 'SpreadElement' && !isNamed(node.argument);
}

function isValue(node: Node): boolean {
  return isNamed(node) || node.type === 'CallExpression';
}
