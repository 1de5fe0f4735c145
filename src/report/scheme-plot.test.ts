import { expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import { schemesOf } from '../quantizer/choosing/schemes.ts';
import { type SchemeTotal, schemeKey } from '../quantizer/choosing/totals.ts';
import { takenBy } from './placed-labels.ts';
import { bitTicks, drawable, schemePlot, schemeWords } from './scheme-plot.ts';

const AREA = { left: 0, right: 800, top: 0, bottom: 400 };

const total = (method: string, bits: number, error: number, isOnFront = true): SchemeTotal => ({
  scheme: { method, bits, groupSize: 64 },
  weightError: error,
  outputError: error,
  bytes: bits * 8,
  bitsPerWeight: bits,
  quantizeMs: 1,
  multiplyMs: 1,
  done: 1,
  layers: 1,
  isOnFront,
});

const TOTALS = [total('small', 2, 0.5), total('behind', 4, 0.4, false), total('large', 8, 0.01)];

test(
  'every point of the plot is its line of the table',
  covers('triton.quantization.accuracy-compression-tradeoff/plot-equals-table').control(
    'points stand at the bits of their codes',
    {
      file: 'src/report/scheme-plot.ts',
      from: 'cx: xOf(total.bitsPerWeight),',
      to: 'cx: xOf(total.scheme.bits),',
    },
  ),
  () => {
    // Scales make more bits of a weight than its code has.
    const table = TOTALS.map((one) => ({ ...one, bitsPerWeight: one.bitsPerWeight + 0.5 }));
    const { marks, xs, ys } = schemePlot(table, AREA, () => 50);
    const valueAt = (share: number, [from, to]: readonly [number, number]) =>
      from * (to / from) ** share;
    const drawn = marks.map(({ total: { scheme }, cx, cy }) => [
      scheme.method,
      valueAt(cx / AREA.right, xs),
      valueAt(1 - cy / AREA.bottom, ys),
    ]);
    expect(drawn).toHaveLength(table.length);
    for (const { scheme, bitsPerWeight, outputError } of table)
      expect(drawn).toContainEqual([
        scheme.method,
        expect.closeTo(bitsPerWeight, 9),
        expect.closeTo(outputError, 9),
      ]);
  },
);

test('fewer bits stand to the left, smaller errors below', () => {
  const { marks } = schemePlot(TOTALS, AREA, () => 50);
  const of = (name: string) => marks.find(({ total: { scheme } }) => scheme.method === name);
  expect(of('small')?.cx).toBeLessThan(of('behind')?.cx ?? 0);
  expect(of('large')?.cy).toBeGreaterThan(of('behind')?.cy ?? 0);
  for (const { cx, cy } of marks) {
    expect(cx > AREA.left && cx < AREA.right).toBe(true);
    expect(cy > AREA.top && cy < AREA.bottom).toBe(true);
  }
});

test('no name stands on the front or on another', () => {
  const { marks, front } = schemePlot(TOTALS, AREA, () => 50);
  const named = marks.filter(({ name }) => name !== '');
  expect(named).toHaveLength(3);
  const boxes = named.map(({ cx, right, at }) => ({
    ...{ at, from: right ? cx + 11 : cx - 61, to: right ? cx + 61 : cx - 11 },
  }));
  const meets = (a: (typeof boxes)[number], b: (typeof boxes)[number]) =>
    a.from < b.to && b.from < a.to && Math.abs(a.at - b.at) < 15;
  for (const [i, box] of boxes.entries())
    for (const other of [...takenBy(front), ...boxes.slice(i + 1)])
      expect(meets(box, other)).toBe(false);
});

test('a narrow plot names the front alone', () => {
  const { marks } = schemePlot(TOTALS, { ...AREA, right: 250 }, () => 20);
  expect(marks.filter(({ name }) => name !== '').map(({ name }) => name)).toEqual([
    'small 2 g64',
    'large 8 g64',
  ]);
});

test('a line takes its level pieces whole and its upright ones in steps', () => {
  expect(
    takenBy([
      [0, 10],
      [50, 10],
      [50, 40],
    ]),
  ).toEqual([
    { from: 0, to: 50, at: 10 },
    { from: 49, to: 51, at: 10 },
    { from: 49, to: 51, at: 25 },
    { from: 49, to: 51, at: 40 },
  ]);
});

test('a scheme is named once by its bits', () => {
  expect(schemeWords(total('nf4', 4, 0.1))).toBe('nf4 g64');
  expect(schemeWords(total('mlx', 4, 0.1))).toBe('mlx 4 g64');
  const hqq = total('hqq', 2, 0.1);
  expect(schemeWords({ ...hqq, scheme: { ...hqq.scheme, axis: 1 } })).toBe('hqq 2 g64 axis 1');
  expect(schemeWords({ ...hqq, scheme: { ...hqq.scheme, groupSize: 'channel' } })).toBe(
    'hqq 2 channel',
  );
});

test('no two schemes have one name', () => {
  const names = [...schemesOf(() => true, true), ...schemesOf(() => true, false)].map((scheme) => [
    schemeKey(scheme),
    schemeWords({ scheme }),
  ]);
  const schemes = new Set(names.map(([key]) => key)).size;
  expect(new Set(names.map(([, words]) => words)).size).toBe(schemes);
  expect(schemes).toBeGreaterThan(200);
});

test('only errors with a logarithm are drawn, of schemes that did for every layer', () => {
  const none = [total('zero', 4, 0), total('infinite', 4, Number.POSITIVE_INFINITY)];
  const part = { ...total('part', 4, 0.1), layers: 2 };
  expect(drawable([...none, part, total('whole', 4, 0.1)]).map(schemeWords)).toEqual([
    'whole 4 g64',
  ]);
});

test('ticks are as many as there is room for', () => {
  expect(bitTicks([1.5, 20], 800)).toEqual([2, 3, 4, 6, 8, 12, 16]);
  expect(bitTicks([1.5, 20], 150)).toEqual([2, 4, 8, 16]);
});
