import type { Node } from 'oxc-parser';
import type { Change, Site } from '../site.ts';
import { isFunction } from '../syntax.ts';
import { isSlice } from './bounds.ts';

/** An array of more is a table, and of each of its numbers one mutant says enough. */
const TABLE = 16;

/**
 * A slip of the pen that is no rounding: above what float32 computes with, and what a half resolves.
 */
const SLIP = 1e-3;

/**
 * Another number or truth value. Integers become one more and one less; what is written with an
 * exponent ten times more and less (an eps of 1e-6 for 1e-5); other numbers change by a thousandth.
 */
export function constantChanges(site: Site): readonly Change[] {
  const { node, ancestors, parent } = site;
  if (node.type !== 'Literal') return [];
  const operator = isDefault(node, ancestors)
    ? 'default'
    : parent && isSlice(parent)
      ? 'off-by-one'
      : 'constant';
  const others = othersOf(node);
  const isInTable = parent?.type === 'ArrayExpression' && parent.elements.length > TABLE;
  return (isInTable ? others.slice(0, 1) : others).map((other) => site.choose(operator, other));
}

/**
 * A default that is not there, so that what was left out stays undefined; which, where `false` was
 * the default, is as good.
 */
export function defaultChanges(site: Site): readonly Change[] {
  const { node } = site;
  if (node.type !== 'AssignmentPattern') return [];
  const { left, right } = node;
  // Without it nothing could be taken apart, which the types show.
  if (left.type === 'ObjectPattern' || left.type === 'ArrayPattern') return [];
  return ['undefined', 'false'].includes(site.textOf(right))
    ? []
    : [site.choose('default', 'undefined', right, right)];
}

function othersOf(node: Node & { readonly type: 'Literal' }): readonly string[] {
  if (typeof node.value === 'boolean') return [String(!node.value)];
  if (typeof node.value === 'bigint')
    return [node.value + 1n, ...(node.value > 0n ? [node.value - 1n] : [])].map((n) => `${n}n`);
  if (typeof node.value !== 'number') return [];
  const { value, raw } = node;
  const exponent = /^([\d._]+)e([-+]?\d+)$/i.exec(raw ?? '');
  if (exponent) return [1, -1].map((step) => `${exponent[1]}e${Number(exponent[2]) + step}`);
  if (Number.isSafeInteger(value))
    return [value + 1, ...(value > 0 ? [value - 1] : [])].map(String);
  return [String(Number((value * (1 + SLIP)).toPrecision(12)))];
}

/** Whether a literal is, or is a part of, what stands where nothing is given. */
function isDefault(node: Node, ancestors: readonly Node[]): boolean {
  let inner: Node = node;
  for (const outer of ancestors.toReversed()) {
    if (outer.type === 'AssignmentPattern') return outer.right === inner;
    if (outer.type === 'LogicalExpression' && outer.operator === '??' && outer.right === inner)
      return true;
    if (isFunction(outer)) return false;
    inner = outer;
  }
  return false;
}
