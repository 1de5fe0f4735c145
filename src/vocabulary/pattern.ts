import type { Shape } from '../tensor/shape.ts';
import { SignatureError } from './error.ts';

/**
 * A parsed shape pattern: sizes by name, at most one `*name` for any number of dimensions, numbers
 * for themselves.
 */
export interface Pattern {
  /**
   * The shape that the pattern demands of a tensor of shape `actual`: sizes that are bound already,
   * and `actual`'s own where a name is new; those are bound. Throws SignatureError when the number
   * of dimensions does not fit.
   */
  bind(actual: Shape, bound: Map<string, Shape>): Shape;
}

const parsed = new Map<string, Pattern>();

/** Parses `[*t, in]`; every pattern is parsed once. */
export function pattern(text: string): Pattern {
  const known = parsed.get(text);
  if (known) return known;
  const names = text
    .slice(1, -1)
    .split(',')
    .map((name) => name.trim());
  const made: Pattern = { bind: (actual, bound) => bind(text, names, actual, bound) };
  parsed.set(text, made);
  return made;
}

function bind(
  text: string,
  names: readonly string[],
  actual: Shape,
  bound: Map<string, Shape>,
): Shape {
  const spread = names.find((name) => name.startsWith('*'));
  const spreadLength = actual.length - names.length + 1;
  if (spread ? spreadLength < 0 : actual.length !== names.length)
    throw new SignatureError(`${text} is needed`);
  const wanted: number[] = [];
  let at = 0;
  for (const name of names) {
    const length = name === spread ? spreadLength : 1;
    const part = /^\d+$/.test(name)
      ? [Number(name)]
      : (bound.get(name) ?? actual.slice(at, at + length));
    if (!/^\d+$/.test(name)) bound.set(name, part);
    wanted.push(...part);
    at += length;
  }
  return wanted;
}
