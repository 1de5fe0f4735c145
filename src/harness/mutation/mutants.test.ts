import { expect, test } from 'vitest';
import { applyMutant, mutantId, mutantsOf } from './mutants.ts';

const KERNEL = `override ROWS: u32 = 4u;
const SIZE = 64u;
const SCALE = 0.5;
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= 10u) {
    return;
  }
  for (var i = 0u; i < ROWS; i++) {
    y[i] += SCALE * f32(id.x) - select(1.0, 2.0, i == 1u);
  }
  workgroupBarrier();
}
`;

const mutants = mutantsOf('nn/example', KERNEL);
const changes = (operator: string) =>
  mutants
    .filter((mutant) => mutant.operator === operator)
    .map(({ start, end, replacement }) => `${KERNEL.slice(start, end)} -> ${replacement}`);

test('operators, boundaries, guards, arguments, statements and barriers change', () => {
  expect(changes('arithmetic')).toEqual(['+= -> -=', '* -> /', '- -> +']);
  expect(changes('boundary')).toEqual(['>= -> >', '< -> <=']);
  expect(changes('condition')).toEqual(['== -> !=']);
  expect(changes('guard').map((change) => change.split(' -> ')[1])).toEqual(['true', 'false']);
  expect(changes('arguments')).toEqual(['1.0, 2.0 -> 2.0, 1.0']);
  expect(changes('drop-barrier')).toHaveLength(1);
  expect(changes('component')).toEqual(['x -> y', 'x -> y']);
});

test('integers change by one, floats by 2e-5', () => {
  expect(changes('constant')).toEqual(
    expect.arrayContaining(['10u -> 11u', '10u -> 9u', '0u -> 1u', '0.5 -> 0.5000100136']),
  );
});

test('a workgroup has one invocation less, wherever its size stands', () => {
  expect(changes('group')).toEqual(['64 -> 63']);
  const literal = KERNEL.replace('(SIZE)', '(8, 4)');
  expect(
    mutantsOf('nn/example', literal).filter(({ operator }) => operator === 'group'),
  ).toMatchObject([{ line: 5, replacement: '7' }]);
  const single = KERNEL.replace('(SIZE)', '(1)');
  expect(mutantsOf('nn/example', single).filter(({ operator }) => operator === 'group')).toEqual(
    [],
  );
});

test('the rest of the launch stays: bindings, and initialisers of overrides', () => {
  const lines = KERNEL.split('\n');
  for (const { line, operator } of mutants)
    if (operator !== 'group')
      expect(lines[line - 1]).not.toMatch(/^(override|const SIZE|@group|@compute)/);
});

test('every mutant changes the text in its place, under an id of its own that names line and count', () => {
  expect(new Set(mutants.map(mutantId)).size).toBe(mutants.length);
  expect(mutants.map(mutantId)).toContain('mutate.nn.example:boundary;line=7;n=1');
  for (const mutant of mutants) {
    const changed = applyMutant(KERNEL, mutant).split('\n');
    expect(changed).not.toEqual(KERNEL.split('\n'));
    expect(changed[mutant.line - 1]).not.toBe(KERNEL.split('\n')[mutant.line - 1]);
  }
});

test('the source with its mutants is the same every time', () => {
  expect(mutantsOf('nn/example', KERNEL)).toEqual(mutants);
});
