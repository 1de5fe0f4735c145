import type { Node } from 'oxc-parser';
import type { Change, Site } from '../site.ts';
import { isNamed } from '../syntax.ts';
import type { TypeFacts } from '../type-facts.ts';

/** A call without its last argument, or with two neighbouring ones in each other's place. */
export function argumentChanges(site: Site, types: TypeFacts): readonly Change[] {
  const { node } = site;
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return [];
  return [...dropped(site, node, types), ...swapped(site, node, types)];
}

type Call = Node & { readonly type: 'CallExpression' | 'NewExpression' };

function dropped(site: Site, node: Call, types: TypeFacts): readonly Change[] {
  const last = node.arguments.at(-1);
  if (!last || node.arguments.some(({ type }) => type === 'SpreadElement')) return [];
  const least = types.leastArguments(node);
  if (least === undefined || least >= node.arguments.length) return [];
  const start = node.arguments.at(-2)?.end ?? last.start;
  return [site.choose('drop-argument', '', { start, end: node.end - 1 })];
}

function swapped(site: Site, node: Call, types: TypeFacts): readonly Change[] {
  const callee = site.textOf(node.callee);
  if (SYMMETRIC.test(callee)) return [];
  return node.arguments.flatMap((first, i) => {
    if (i === 0 && PRODUCT_FIRST.test(callee)) return [];
    const second = node.arguments[i + 1];
    if (!second || !isNamed(first) || !isNamed(second)) return [];
    return site.textOf(first) !== site.textOf(second) && types.areAlike(first, second)
      ? [site.swap('swap-arguments', first, second)]
      : [];
  });
}

/** What gives the same in either order. */
const SYMMETRIC =
  /^(?:Math\.(?:max|min|hypot|imul)|sameShape|broadcastShape|plus|gpu\.(?:add|mul))$/;
/** What begins with the two factors of a product. */
const PRODUCT_FIRST = /^gpu\.mulAdd$/;
