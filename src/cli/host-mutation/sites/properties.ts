import type { Node } from 'oxc-parser';
import type { Change, Site } from '../site.ts';
import type { TypeFacts } from '../type-facts.ts';

/** Another property of the same type: `columns` for `rows`, `weight` for `bias`. */
export function propertyChanges(site: Site, types: TypeFacts): readonly Change[] {
  const { node, parent } = site;
  if (node.type === 'MemberExpression') {
    if (node.computed || isTarget(node, parent)) return [];
    const other = types.otherProperty(node);
    return other ? [site.choose('wrong-property', other, node.property)] : [];
  }
  return node.type === 'ObjectPattern' ? keyChanges(node, types) : [];
}

/** Whether an expression is called or written to, so that it cannot stand in parentheses. */
function isTarget(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case 'CallExpression':
    case 'NewExpression':
      return parent.callee === node;
    case 'TaggedTemplateExpression':
      return parent.tag === node;
    case 'AssignmentExpression':
    case 'AssignmentPattern':
    case 'ForOfStatement':
    case 'ForInStatement':
      return parent.left === node;
    case 'UpdateExpression':
    case 'RestElement':
    case 'ArrayPattern':
      return true;
    case 'UnaryExpression':
      return parent.operator === 'delete';
    case 'Property':
      return parent.key === node;
    case 'TSNonNullExpression':
    case 'TSAsExpression':
      return true; // rare, and what is around them may be any of these
    default:
      return false;
  }
}

function keyChanges(
  node: Node & { readonly type: 'ObjectPattern' },
  types: TypeFacts,
): readonly Change[] {
  return node.properties.flatMap((property) => {
    if (property.type !== 'Property' || property.computed) return [];
    const { key, shorthand: isShorthand } = property;
    if (key.type !== 'Identifier') return [];
    const other = types.otherKey(node, key.name);
    if (!other) return [];
    const { start, end } = key;
    return [
      {
        operator: 'wrong-property',
        start,
        end,
        replacement: isShorthand ? `${other}: ${key.name}` : other,
        switches: [{ form: 'key', start, end, name: key.name, other, isShorthand }],
      },
    ];
  });
}
