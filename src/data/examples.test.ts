import { describe, expect, test } from 'vitest';
import { hostTensorFrom } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { CLUSTER_CLASSES, drawClusters } from './clusters.ts';
import { type Draw, requireLabels } from './examples.ts';
import { drawMajorities } from './majorities.ts';
import { drawRepeats, REPEAT_LENGTH } from './repeats.ts';
import { drawSpirals } from './spirals.ts';
import { drawStrokes } from './strokes.ts';

const COUNT = 400;

const TASKS: Readonly<Record<string, { readonly draw: Draw; readonly labels: number }>> = {
  spirals: { draw: drawSpirals, labels: 2 },
  repeats: { draw: drawRepeats, labels: 8 },
  strokes: { draw: drawStrokes, labels: 4 },
  majorities: { draw: drawMajorities, labels: 2 },
  clusters: { draw: drawClusters, labels: CLUSTER_CLASSES },
};

/** Values of an input, example by example. */
function rowsOf(
  draw: Draw,
  input: string,
): { readonly rows: number[][]; readonly labels: number[] } {
  const { inputs, labels } = draw(COUNT, new Random(7));
  const values = [...(inputs[input]?.data ?? [])];
  const width = values.length / COUNT;
  return {
    rows: Array.from({ length: COUNT }, (_, i) => values.slice(i * width, (i + 1) * width)),
    labels: [...labels.data],
  };
}

describe.each(Object.entries(TASKS))('%s', (_, { draw, labels }) => {
  test('repeat for a seed and differ between seeds', () => {
    expect(draw(8, new Random(1))).toEqual(draw(8, new Random(1)));
    expect(draw(8, new Random(1))).not.toEqual(draw(8, new Random(2)));
  });

  test('ask for every label about as often', () => {
    const asked = [...draw(COUNT, new Random(3)).labels.data].filter((label) => label >= 0);
    for (let label = 0; label < labels; label++) {
      const share = asked.filter((x) => x === label).length / asked.length;
      expect(Math.abs(share - 1 / labels)).toBeLessThan(0.1);
    }
  });
});

test.each([-1, -99, -101])('a label of %i is refused, with its place', (label) => {
  const labels = hostTensorFrom('i32', [2, 2], [0, -100, label, -7]);
  expect(() => requireLabels({ inputs: {}, labels })).toThrow(
    expect.objectContaining({
      code: 'bad-label',
      message: `label 2 of 4, counted from 0, is ${label}: a label is a class, from 0 on, or -100 where nothing is asked`,
    }),
  );
});

test('classes from 0 on, and labels that ask nothing, are accepted', () => {
  const labels = hostTensorFrom('i32', [3], [-100, 0, 31999]);
  expect(requireLabels({ inputs: {}, labels })).toBeUndefined();
  const bad = hostTensorFrom('i32', [1], [-1]);
  expect(() => requireLabels({ inputs: {}, labels: bad })).toThrow('label 0 of 1');
});

test('a point of a spiral lies on its own arm, turned by as much as it is far from the origin', () => {
  const { rows, labels } = rowsOf(drawSpirals, 'x');
  for (const [i, [x = 0, y = 0]] of rows.entries()) {
    const angle = 1.5 * Math.PI * Math.hypot(x, y) + (labels[i] as number) * Math.PI;
    expect(Math.cos(Math.atan2(y, x) - angle)).toBeGreaterThan(0);
  }
});

test('a label of a sequence is the token that follows, which stands three positions before', () => {
  const { rows, labels } = rowsOf(drawRepeats, 'ids');
  for (const [i, ids] of rows.entries()) {
    const wanted = ids.map((_, position) => (position < 3 ? -100 : ids[position - 3]));
    expect(labels.slice(i * REPEAT_LENGTH, (i + 1) * REPEAT_LENGTH)).toEqual(wanted);
    expect(ids.slice(4)).toEqual(labels.slice(i * REPEAT_LENGTH + 3, (i + 1) * REPEAT_LENGTH - 1));
  }
});

test('a stroke has five bright pixels, in the direction of its label', () => {
  const { rows, labels } = rowsOf(drawStrokes, 'x');
  const steps = [1, 10, 11, -9];
  for (const [i, pixels] of rows.entries()) {
    const step = steps[labels[i] as number] as number;
    const along = pixels.map((_, at) =>
      [0, 1, 2, 3, 4].reduce((sum, k) => sum + (pixels[at + k * step] ?? -9), 0),
    );
    expect(Math.max(...along)).toBeGreaterThan(2.5);
  }
});

test('the majority is taken of the unmasked tokens, and the shares sum to 1', () => {
  const ids = rowsOf(drawMajorities, 'ids');
  const mask = rowsOf(drawMajorities, 'mask').rows;
  const share = rowsOf(drawMajorities, 'share').rows;
  for (const [i, tokens] of ids.rows.entries()) {
    const shown = tokens.filter((_, position) => mask[i]?.[position] === 1);
    expect(tokens.every((token, position) => (token === 0) === (mask[i]?.[position] === 0))).toBe(
      true,
    );
    expect(shown.length % 2).toBe(1);
    expect(ids.labels[i]).toBe(
      Number(shown.filter((token) => token % 2 === 1).length > shown.length / 2),
    );
    expect(share[i]?.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 5);
  }
});

test('the label of a cluster is the axis on which its points are farthest', () => {
  const { rows, labels } = rowsOf(drawClusters, 'x');
  for (const [i, x] of rows.entries()) {
    const label = labels[i] as number;
    expect(x[label]).toBeGreaterThan(1.19);
    expect(Math.max(...x.filter((_, axis) => axis !== label))).toBeLessThan(0.81);
  }
});
