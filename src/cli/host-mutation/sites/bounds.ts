import type { Node } from 'oxc-parser';
import type { Change, Site } from '../site.ts';
import { bare, calledName } from '../syntax.ts';

const SLICES: ReadonlySet<string> = new Set(['slice', 'subarray']);

/** Whether a node cuts a part out of an array or a text. */
export function isSlice(node: Node): boolean {
  return node.type === 'CallExpression' && SLICES.has(calledName(node));
}

/** A loop, a part of an array or a length that ends one too early, or begins one too late. */
export function boundChanges(site: Site): readonly Change[] {
  const { node } = site;
  switch (node.type) {
    case 'ForStatement': {
      const test = node.test ? bare(node.test) : undefined;
      return test?.type === 'BinaryExpression' && /^[<>]/.test(test.operator)
        ? moved(site, test.right, test.operator.startsWith('<') ? '-' : '+')
        : [];
    }
    case 'CallExpression':
      return isSlice(node)
        ? node.arguments.flatMap((argument, i) => moved(site, argument, i === 0 ? '+' : '-'))
        : [];
    case 'Property':
      return isLength(site, node) ? moved(site, node.value, '-') : [];
    default:
      return [];
  }
}

/** Whether a length is given to an object, and not taken out of one. */
function isLength(site: Site, node: Node & { readonly type: 'Property' }): boolean {
  const isGiven = node.kind === 'init' && site.parent?.type !== 'ObjectPattern';
  return isGiven && site.textOf(node.key) === 'length' && !node.shorthand;
}

/** Literals are constants, and change as those. */
function moved(site: Site, bound: Node, sign: '+' | '-'): readonly Change[] {
  if (bound.type === 'SpreadElement' || bare(bound).type === 'Literal') return [];
  return [site.choose('off-by-one', `(${site.textOf(bound)}) ${sign} 1`, bound, bound)];
}
