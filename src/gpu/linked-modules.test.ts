import { expect, test } from 'vitest';
import {
  importsOf,
  linkedFormats,
  linksOf,
  modulesFor,
  standingAt,
  withoutComments,
} from './linked-modules.ts';

const MODULES = {
  'quant/nf4.wesl': 'fn decode() {}\nfn encode(x: f32) {}',
  'quant/fp4.wesl': 'fn encode(x: f32) {}',
  'quant/tables.wesl': 'fn decode() {}',
  'other/int8.wesl': 'fn encode(x: f32) {}',
  'quant/deep/int4.wesl': 'fn encode(x: f32) {}',
  'nn/decoded.wgsl': 'import package::lib::tile::load;\nfn main() {}',
  'lib/tile.wesl': 'import package::format::decode;\nimport package::lib::tile::self;',
  'matmul/quad.wgsl': 'import package::left::row;\nimport package::matmul::quads::added;',
  'matmul/register.wgsl': 'import package::left::row;',
  'matmul/left/fours.wesl': 'import package::elements::Element;',
  'matmul/left/strided.wesl': 'import package::elements::number;',
  'matmul/right/fours.wesl': 'import package::elements::Element;',
  'matmul/right/strided.wesl': 'import package::elements::number;',
  'matmul/elements/f32.wesl': 'alias Element = f32;',
  'matmul/elements/f16.wesl': 'alias Element = f16;',
  'matmul/elements/words.wesl': 'alias Element = u32;',
  'matmul/bytes.wgsl': 'import package::dots::dot_of;',
  'matmul/dots/packed.wesl': 'fn dot_of() {}',
  'matmul/dots/unpacked.wesl': 'fn dot_of() {}',
  'bench/streams.wgsl': 'import package::places::load;',
  'bench/places/apart.wesl': 'fn load() {}',
  'bench/places/in_place.wesl': 'fn load() {}',
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

test('the loaders of operands stand where the tiles of products import them', () => {
  expect(modulesFor(MODULES, 'strided_fours')).toEqual({
    ...MODULES,
    'left.wesl': MODULES['matmul/left/strided.wesl'],
    'right.wesl': MODULES['matmul/right/fours.wesl'],
    'elements.wesl': MODULES['matmul/elements/f32.wesl'],
  });
  expect(modulesFor(MODULES, 'words')['elements.wesl']).toBe(MODULES['matmul/elements/words.wesl']);
});

test('the place of streams stands where their kernel imports it', () => {
  expect(modulesFor(MODULES, 'in_place')).toEqual({
    ...MODULES,
    'places.wesl': MODULES['bench/places/in_place.wesl'],
  });
});

test('comments and empty lines are left out of a linked text', () => {
  expect(withoutComments('\n// a\nfn f() { // b\n\n  // c\n  x /= 2;\n}\n\n')).toBe(
    'fn f() {\n  x /= 2;\n}',
  );
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

test('a kernel has a text for all that may stand where what it imports, at last, is left open', () => {
  expect(linksOf(MODULES, 'nn/decoded')).toEqual(['fp4', 'nf4']);
  expect(linksOf(MODULES, 'math/add')).toEqual([]);
  expect(linksOf(MODULES, 'matmul/bytes')).toEqual(['unpacked', 'packed']);
  expect(linksOf(MODULES, 'bench/streams')).toEqual(['apart', 'in_place']);
  expect(linksOf(MODULES, 'not/there')).toEqual([]);
  expect(linksOf(MODULES, 'matmul/quad')).toEqual(
    expect.arrayContaining(['strided', 'fours', 'words', 'f16', 'columns']),
  );
  expect(linksOf(MODULES, 'matmul/register'), 'a tile without quads').not.toContain('columns');
});

test('what may stand where a text imports a module is it, or all that stand for one left open', () => {
  expect(standingAt(MODULES, 'lib/tile')).toEqual(['lib/tile']);
  expect(standingAt(MODULES, 'format')).toEqual(['quant/fp4', 'quant/nf4']);
  expect(standingAt(MODULES, 'dots')).toEqual(['matmul/dots/unpacked', 'matmul/dots/packed']);
  expect(standingAt(MODULES, 'left')).toEqual([
    'matmul/left/strided',
    'matmul/left/fours',
    'matmul/left/columns',
    'matmul/left/pieces',
  ]);
});
