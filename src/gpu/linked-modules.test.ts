import { expect, test } from 'vitest';
import { formatsOf, importsOf, linkedFormats, modulesFor } from './linked-modules.ts';

const MODULES = {
  'quant/nf4.wesl': 'fn decode() {}\nfn encode(x: f32) {}',
  'quant/fp4.wesl': 'fn encode(x: f32) {}',
  'quant/tables.wesl': 'fn decode() {}',
  'other/int8.wesl': 'fn encode(x: f32) {}',
  'quant/deep/int4.wesl': 'fn encode(x: f32) {}',
  'matmul/product.wgsl': 'import package::lib::tile::load;\nfn main() {}',
  'lib/tile.wesl': 'import package::format::decode;\nimport package::lib::tile::self;',
  'math/add.wgsl': 'fn add() {} // import package::format::decode;',
};

test('formats are the modules of quant that encode, by name', () => {
  expect(linkedFormats(MODULES)).toEqual(['fp4', 'nf4']);
});

test('the module of a format stands where kernels import it', () => {
  expect(modulesFor(MODULES, 'fp4')).toEqual({
    ...MODULES,
    'format.wesl': MODULES['quant/fp4.wesl'],
  });
  const before = { ...MODULES, 'format.wesl': 'of another' };
  expect(modulesFor(before, 'nf4')['format.wesl']).toBe(MODULES['quant/nf4.wesl']);
  expect(modulesFor(MODULES, undefined)).toBe(MODULES);
  expect(modulesFor(MODULES, 'int2')).toBe(MODULES);
});

test('imports are the modules, without what is taken of them', () => {
  const text = `import package::lib::grid::linear_index;
import package::format::decode;
  import package::lib::indented::x;
fn f() {} // import package::lib::comment::y;
import package::a::b::c::d;`;
  expect(importsOf(text)).toEqual(['lib/grid', 'format', 'a/b/c']);
  expect(importsOf('fn f() {}')).toEqual([]);
});

test('a kernel is linked for each format where what it imports, at last, imports a format', () => {
  expect(formatsOf(MODULES, 'matmul/product')).toEqual(['fp4', 'nf4']);
  expect(formatsOf(MODULES, 'math/add')).toEqual([]);
  expect(formatsOf(MODULES, 'not/there')).toEqual([]);
});
