import { describe, expect, test } from 'vitest';
import { familyNaming } from './families.ts';
import { result } from './fixtures/reports.ts';
import {
  mosaicOf,
  pathsOf,
  pictureOf,
  type Square,
  type SquareState,
  squareOf,
  squareWords,
} from './mosaic.ts';

const square = (suite: string, i: number, state: SquareState = 'right'): Square => ({
  key: `${suite}:${i}`,
  suite,
  state,
});
const many = (suite: string, count: number) =>
  Array.from({ length: count }, (_, i) => square(suite, i));

/** The corners at which the outlines of a path begin, two for a frame. */
const starts = (path = '') =>
  [...path.matchAll(/M(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe('families', () => {
  test.each([
    ['ops.matmul.matmul', 'products'],
    ['ops.matmul.matmul_4bit', 'few-bits'],
    ['ops.quant.quantize_4bit', 'few-bits'],
    ['ops.quant.ternary_matmul', 'ternary'],
    ['nn.ternary-layer', 'ternary'],
    ['nn.dropout-layer', 'layers'],
    ['train.ternary', 'ternary'],
    ['train.tape', 'training'],
    ['parity.quantize_4bit', 'recordings'],
    ['suites.broken', 'other'],
    ['math.twice', 'arithmetic'],
    ['own.suite', undefined],
  ])('%s is of %s', (suite, family) => {
    expect(familyNaming(suite)).toBe(family);
  });

  test('come in their order with their squares and counts, what no family names last', () => {
    const families = mosaicOf([
      square('own', 0, 'wrong'),
      square('train.tape', 0, 'waiting'),
      square('ops.lora.lora_linear', 0, 'running'),
      square('ops.lora.lora_linear', 1),
      { key: 'a place in a plan', suite: undefined, state: 'skipped' },
    ]);
    expect(families.map(({ family, squares }) => [family, squares.length])).toEqual([
      ['lora', 2],
      ['training', 1],
      ['other', 2],
    ]);
    expect(families[0]?.counts).toMatchObject({ right: 1, running: 1, wrong: 0 });
    expect(families.map(({ counts }) => squareWords(counts))).toEqual([
      '2 checks: 1 right, 1 running',
      '1 check: 1 to come',
      '2 checks: 1 wrong, 1 skipped',
    ]);
  });
});

test('a pass whose named fault left it green is wrong, and a failure that is known is not', () => {
  const id = 'ops.nn.silu:legal';
  const passed = result({ id, status: 'pass', assertions: 1 });
  expect(squareOf(passed)).toEqual({ key: `${id} webgpu`, suite: 'ops.nn.silu', state: 'right' });
  expect(squareOf({ ...passed, control: { fault: 'x', status: 'green' } }).state).toBe('wrong');
  const known = { code: 'expected-failure', message: '' };
  expect(squareOf({ ...passed, status: 'fail', finding: known }).state).toBe('expected');
  expect(squareOf({ ...passed, status: 'lost' }).state).toBe('wrong');
  expect(squareOf({ ...passed, status: 'skip' }).state).toBe('skipped');
});

describe('shapes', () => {
  test('stand in rows, each state in a path of its own', () => {
    const states = ['right', 'right', 'skipped', 'right'] as const;
    const paths = pathsOf(
      states.map((state) => ({ state })),
      { columns: 3, pitch: 10, x: 5 },
    );
    expect(Object.keys(paths)).toEqual(['right', 'skipped']);
    expect(starts(paths.right)).toEqual([
      [5, 0],
      [15, 0],
      [5, 10],
    ]);
    expect(starts(paths.skipped)[0]).toEqual([25, 0]);
  });

  test('of different states differ without colour', () => {
    const states = ['right', 'wrong', 'expected', 'skipped', 'running', 'waiting'] as const;
    const paths = states.map((state) => pathsOf([{ state }], { columns: 1, pitch: 10 })[state]);
    expect(new Set(paths).size).toBe(states.length);
  });
});

describe('a picture of all families', () => {
  const families = mosaicOf([...many('ops.lora.lora_linear', 30), ...many('train.tape', 1500)]);

  test('fits its room, and no square is left out', () => {
    const room = { width: 400, height: 200, most: 12 };
    const corners = starts(pictureOf(families, room).right);
    expect(corners).toHaveLength(1530);
    const pitch = (corners[1]?.[0] ?? 0) - (corners[0]?.[0] ?? 0);
    expect(Math.max(...corners.map(([x = 0]) => x)) + pitch).toBeLessThanOrEqual(room.width);
    expect(Math.max(...corners.map(([, y = 0]) => y)) + pitch).toBeLessThanOrEqual(room.height);
  });

  test('leaves a place empty between two families, and a few squares stay small', () => {
    const corners = starts(
      pictureOf(mosaicOf([...many('ops.lora.lora_linear', 2), ...many('train.tape', 1)]), {
        width: 400,
        height: 200,
        most: 12,
      }).right,
    );
    expect(corners).toEqual([
      [0, 0],
      [12, 0],
      [36, 0],
    ]);
  });
});
