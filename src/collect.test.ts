import { expect, test } from 'vitest';
import { collect, exportsOf } from './collect.ts';
import { InvariantError } from './errors.ts';

const modules = { './math/a.ts': { add: 1, sub: 2 }, './nn/b.ts': { silu: 3 } };

test('what modules export is found by name, in their order', () => {
  const paths: string[] = [];
  const found = collect('ops', modules, (module, path) => {
    paths.push(path);
    return Object.entries(module);
  });
  expect([...found]).toEqual([
    ['add', 1],
    ['sub', 2],
    ['silu', 3],
  ]);
  expect(paths).toEqual(['./math/a.ts', './nn/b.ts']);
});

test('a name is given once', () => {
  const twice = { ...modules, './shape/c.ts': { add: 4 } };
  expect(() => collect('ops', twice, Object.entries)).toThrow(
    new InvariantError('two ops are named add; the second is in ./shape/c.ts'),
  );
});

test('of what a module exports one kind is taken, out of maps too', () => {
  const isNumber = (value: unknown) => typeof value === 'number';
  const bound = new Map([
    ['a', 2],
    ['b', 3],
  ]);
  expect(exportsOf({ one: 1, name: 'x', bound, more: [4] }, isNumber)).toEqual([1, 2, 3]);
});
