import { expect, test } from 'vitest';
import { SignatureError } from './error.ts';
import { expandedRules, KnownShapes } from './known-shapes.ts';
import { float } from './rules.ts';
import { matchesName } from './signature.ts';

const rule = float<object>('[*x]');
const namesOf = (names: readonly string[], present: readonly string[]) =>
  Object.keys(expandedRules(Object.fromEntries(names.map((name) => [name, rule])), present));

test.each([
  [['x#'], ['x0', 'x1', 'x2'], ['x0', 'x1', 'x2']],
  [['x#'], [], ['x0']],
  [['x#'], ['x1'], ['x0']],
  [['x#'], ['x0', 'x2'], ['x0', 'x1']],
  [
    ['x#', 'y'],
    ['x0', 'z'],
    ['x0', 'y'],
  ],
  [['base.*'], ['base.a', 'base', 'base.b', 'bases'], ['base.a', 'base.b']],
  [['base.*'], [], []],
])('of rules %j and tensors %j the names are %j', (rules, present, names) => {
  expect(namesOf(rules, present)).toEqual(names);
});

test.each([
  ['x#', 'x0', true],
  ['x#', 'x10', true],
  ['x#', 'x01', false],
  ['x#', 'x', false],
  ['x#', 'ax0', false],
  ['x#', 'x0a', false],
  ['base.*', 'base.a', true],
  ['base.*', 'base.', true],
  ['base.*', 'base', false],
  ['base.*', 'bas.a', false],
  ['x', 'x', true],
  ['x', 'x0', false],
])('the rule of %s stands for %s: %o', (name, given, does) => {
  expect(matchesName(name, given)).toBe(does);
});

test('what one tensor has taught binds the next, and a size is that of all dimensions', () => {
  const shapes = new KnownShapes({}, { x: { shape: [2, 3] } });
  shapes.check(float<object>('[n, *rest]'), [4, 2, 3]);
  expect([shapes.known.size('n'), shapes.known.size('rest')]).toEqual([4, 6]);
  expect(shapes.known.shape('x')).toEqual([2, 3]);
  expect(() => shapes.check(float<object>('[n]'), [5])).toThrow(SignatureError);
  expect(() => shapes.check(float<object>('[n]'), [5])).toThrow('[4] is needed');
  expect(() => shapes.check(float<object>('[n]'), [4])).not.toThrow();
  expect(() => shapes.known.size('m')).toThrow('no pattern binds the dimension m');
  expect(() => shapes.known.shape('y')).toThrow('in.y, which it depends on, is missing');
});
