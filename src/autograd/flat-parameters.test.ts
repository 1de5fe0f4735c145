import { describe, expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { filledTensor, hostTensorFrom } from '../tensor/host.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { FlatParameters, flatLayout, partsOf } from './flat-parameters.ts';

test('parameters follow each other at multiples of 64 floats', () => {
  const { entries, length } = flatLayout(
    new Map([
      ['a', [3, 5]],
      ['b', [8, 8]],
      ['c', [65]],
      ['d', [1]],
    ]),
    1024,
  );
  expect([...entries].map(([name, { offset }]) => [name, offset])).toEqual([
    ['a', 0],
    ['b', 64],
    ['c', 128],
    ['d', 256],
  ]);
  expect(length).toBe(320);
});

describe('segments', () => {
  const shapes = new Map([
    ['a', [3, 5]],
    ['b', [64]],
    ['c', [129]],
    ['d', [1]],
    ['e', [1]],
  ]);

  test.each([
    ['hold all where all fits', 512, [448]],
    ['hold all where all just fits', 448, [448]],
    ['end before what does not fit any more', 192, [128, 192, 128]],
    ['hold one that is larger by itself', 64, [64, 64, 192, 64, 64]],
  ])('%s', (_, longest, segments) => {
    const { entries, length, segments: lengths } = flatLayout(shapes, longest);
    expect(lengths).toEqual(segments);
    expect(entries).toEqual(flatLayout(shapes, 512).entries);
    expect(length).toBe(448);
  });

  test('are one of no length where there are no parameters', () => {
    expect(flatLayout(new Map(), 64).segments).toEqual([0]);
  });

  test('begin with what is too large for one', () => {
    const large = new Map([
      ['c', [129]],
      ['d', [1]],
    ]);
    expect(flatLayout(large, 64).segments).toEqual([192, 64]);
  });
});

describe('rows in several tensors', () => {
  const shapes = new Map([
    ['a', [3]],
    ['b', [5, 64]],
    ['c', [1]],
  ]);
  const rowsOf = (name: string) => (name === 'b' ? [2, 2, 1] : [3]);
  const layout = flatLayout(shapes, 128, rowsOf);

  test('follow each other within their parameter, each in one segment', () => {
    expect(layout.entries).toEqual(flatLayout(shapes, 1024).entries);
    expect(layout.tensors.get('b')).toEqual([
      { shape: [2, 64], offset: 64 },
      { shape: [2, 64], offset: 192 },
      { shape: [1, 64], offset: 320 },
    ]);
    expect(layout.segments).toEqual([64, 128, 128, 128]);
    expect(layout.length).toBe(448);
  });

  test('are parts of their own', () => {
    expect(partsOf(layout).map(({ offset }) => offset)).toEqual([0, 64, 192, 320, 384]);
    expect(partsOf(layout, 64).map(({ size }) => size)).toEqual(Array(7).fill(64));
  });
});

const row = (length: number, value: number) =>
  hostTensorFrom('f32', [length], new Array<number>(length).fill(value));

describe('parameters', () => {
  const initial = new Map([
    ['a', row(3, 1)],
    ['b', row(65, 2)],
    ['c', row(2, 3)],
  ]);

  test('are views of one buffer, whose gaps are zero', async () => {
    const { gpu } = await hostGpu();
    const parameters = new FlatParameters(gpu, initial);
    expect([parameters.names, parameters.count]).toEqual([['a', 'b', 'c'], 70]);
    expect(parameters.segments.pieces.map(({ size }) => size)).toEqual([256]);
    const { data } = await parameters.data.read();
    const expected = new Array<number>(256).fill(0);
    expected.fill(1, 0, 3).fill(2, 64, 129).fill(3, 192, 194);
    expect([...data]).toEqual(expected);
    expect([...(await parameters.view('b').read()).data]).toEqual([
      ...(initial.get('b')?.data ?? []),
    ]);
    expect(await parameters.read()).toEqual(Object.fromEntries(initial));
    expect(() => parameters.view('d')).toThrow('no parameter is named d: there are a, b, c');
    parameters[Symbol.dispose]();
    expect(gpu.memory.ledger.liveBytes).toBe(0);
  });

  test('lie in segments of so many bytes', async () => {
    const { gpu } = await hostGpu();
    using parameters = new FlatParameters(gpu, initial, { segmentBytes: 512 });
    expect(parameters.segments.pieces.map(({ size }) => size)).toEqual([64, 128, 64]);
    expect(await parameters.read()).toEqual(Object.fromEntries(initial));
    expect(() => parameters.data).toThrow('the parameters lie in several segments');
  });

  test('lie in segments that a kernel can bind', async () => {
    const { gpu } = await hostGpu({ limits: { maxStorageBufferBindingSize: 768 } });
    using parameters = new FlatParameters(gpu, initial);
    expect(parameters.segments.pieces.map(({ size }) => size)).toEqual([192, 64]);
  });

  test('gather gradients into the same places', async () => {
    const { gpu } = await hostGpu();
    using parameters = new FlatParameters(gpu, initial);
    using target = new FlatParameters(gpu, initial);
    const gradients = new Map(
      parameters.names.map((name, i) => {
        const view = parameters.view(name);
        return [view, Tensor.from(gpu, row(view.size, 10 + i))] as const;
      }),
    );
    parameters.gather(gradients, target.segments);
    expect(await target.read()).toEqual({ a: row(3, 10), b: row(65, 11), c: row(2, 12) });
    gradients.delete(parameters.view('a'));
    gradients.delete(parameters.view('c'));
    using other = new FlatParameters(gpu, initial);
    expect(() => parameters.gather(gradients, other.segments)).toThrow(
      'there is no gradient of a, c: run backward before the step',
    );
    expect(await other.read()).toEqual(Object.fromEntries(initial));
  });

  test('of several tensors are read whole, and have a gradient where each has one', async () => {
    const { gpu } = await hostGpu();
    const table = filledTensor('f32', [5, 64], (i) => i);
    const both = new Map([...initial, ['t', table]]);
    const rowsOf = (name: string, [rows = 1]: Shape) => (name === 't' ? [2, 2, 1] : [rows]);
    using parameters = new FlatParameters(gpu, both, { segmentBytes: 512, rowsOf });
    expect(parameters.count).toBe(70 + 320);
    expect(parameters.tensors('t').map(({ shape }) => shape[0])).toEqual([2, 2, 1]);
    expect(() => parameters.view('t')).toThrow('t lies in 3 tensors');
    expect(await parameters.read()).toEqual(Object.fromEntries(both));
    const gradients = new Map(
      parameters.views.map((view, i) => [
        view,
        Tensor.from(
          gpu,
          filledTensor('f32', view.shape, () => i),
        ),
      ]),
    );
    using target = new FlatParameters(gpu, both, { segmentBytes: 512, rowsOf });
    parameters.gather(gradients, target.segments);
    expect((await target.read())['t']).toEqual(
      filledTensor('f32', [5, 64], (i) => 3 + Math.floor(i / 128)),
    );
    gradients.delete(parameters.tensors('t')[1] as Tensor);
    expect(() => parameters.gather(gradients, target.segments)).toThrow('no gradient of t: run');
  });
});
