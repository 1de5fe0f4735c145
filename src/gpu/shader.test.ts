import { describe, expect, test } from 'vitest';
import { linkedKernels } from './fixtures/linked-kernels.ts';
import {
  bindingLayout,
  f32,
  gridOfFours,
  hasWork,
  LINEAR_LANES,
  linearGrid,
  MANY_LANES,
  PADDING,
  spread,
  u32,
  uniformBytes,
  uniformsAt,
  writeFields,
} from './shader.ts';

describe('workgroups', () => {
  test('go along x as far as one dimension reaches, then along y too', () => {
    expect(spread(0)).toEqual([0, 1, 1]);
    expect(spread(65_535)).toEqual([65_535, 1, 1]);
    expect(spread(65_536)).toEqual([32_768, 2, 1]);
    expect(spread(2 * 65_535)).toEqual([65_535, 2, 1]);
    expect(spread(3 * 65_535 + 1)).toEqual([49_152, 4, 1]);
  });

  test('are as many as hold the invocations, and no more', () => {
    expect([0, 1, 64, 65, 128].map((count) => linearGrid(count)[0])).toEqual([0, 1, 1, 2, 2]);
    expect(linearGrid(64 * 65_535 + 1)).toEqual([32_768, 2, 1]);
  });

  test('are larger, and a quarter, where an invocation takes four elements', () => {
    expect([0, 1, 1024, 1025, 2048].map((count) => gridOfFours(count)[0])).toEqual([0, 1, 1, 2, 2]);
  });

  test('of no invocation are no work', () => {
    expect(hasWork([0, 1, 1])).toBe(false);
    expect(hasWork([1, 1, 0])).toBe(false);
    expect(hasWork([1, 1, 1])).toBe(true);
  });

  const TILES = ['matmul/quad', 'matmul/register', 'matmul/int8_quad'];

  test('have the lanes that kernels with a linear index declare', async () => {
    // With a lane 0 of one it counts workgroups, of any size.
    const linear = (await linkedKernels()).filter(({ code }) =>
      /= linear_index\((?!group, groups, 0u, 1u)/.test(code),
    );
    expect(linear.length).toBeGreaterThan(50);
    for (const { file, code } of linear) {
      const [, size] = /@workgroup_size\((\w+)\)/.exec(code) ?? [];
      if (size === undefined || TILES.includes(file)) continue; // launched by rules of their own
      const [, named] = new RegExp(`const ${size} = (\\d+)u;`).exec(code) ?? [];
      expect(Number(named ?? size), file).toBe(size === 'MANY' ? MANY_LANES : LINEAR_LANES);
    }
  });
});

describe('the bytes of a uniform struct', () => {
  test('are its fields in their order, in whole units of 16', () => {
    const bytes = uniformBytes([u32(1), f32(0.1), u32(3), u32(4), f32(-2)]);
    expect(bytes.length).toBe(32);
    const view = new DataView(bytes.buffer);
    expect([0, 8, 12].map((at) => view.getUint32(at, true))).toEqual([1, 3, 4]);
    expect([4, 16].map((at) => view.getFloat32(at, true))).toEqual([Math.fround(0.1), -2]);
    expect(uniformBytes().length).toBe(0);
    expect(uniformBytes([1, 2, 3, 4].map(u32)).length).toBe(16);
    expect([...uniformBytes([u32(-2)])].slice(0, 4)).toEqual([254, 255, 255, 255]);
    expect(uniformBytes([u32(7)]).length).toBe(16);
    expect(uniformBytes([PADDING, PADDING])).toEqual(new Uint8Array(16));
  });

  test('are written where they belong, and nothing beside them', () => {
    const target = new DataView(new Uint8Array(48).fill(9).buffer);
    expect(writeFields([u32(1), f32(0.5), u32(2000)], target, 16)).toBe(16);
    expect([12, 32].map((at) => target.getUint32(at, true))).toEqual([0x09090909, 0x09090909]);
    expect([16, 24, 28].map((at) => target.getUint32(at, true))).toEqual([1, 2000, 0]);
    expect(target.getFloat32(20, true)).toBe(0.5);
  });

  test.each([0, 1, 1023, 1024, 2 ** 32 - 1])('have the integer %i', (value) => {
    expect(u32(value)).toEqual({ kind: 'u32', value });
    expect(new Uint32Array(uniformBytes([u32(value)]).buffer)[0]).toBe(value);
  });

  test('have nothing that is no number', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined as unknown as number])
      expect(() => u32(value)).toThrow(`an integer of a uniform struct is ${value}`);
  });

  test('are asked for anew of a number that changes', () => {
    let now = 1;
    const fields = uniformsAt(
      () => now,
      (value) => [f32(value)],
    );
    const first = uniformBytes(fields);
    now = 2;
    expect([first, uniformBytes(fields)].map(({ buffer }) => new Float32Array(buffer)[0])).toEqual([
      1, 2,
    ]);
    expect(uniformsAt(5, (value) => [u32(value)])).toEqual([u32(5)]);
  });
});

test('bindings are counted without the uniform struct, wherever it stands', () => {
  const code = `
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<uniform> sizes: Sizes;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;
    @group(0) @binding(3) var<storage,read_write> z: array<f32>;`;
  const { written, uniforms } = bindingLayout({ file: 'a', code });
  expect([...written]).toEqual([1, 2]);
  expect(uniforms).toBe(1);
  const last = code.replace('var<uniform> sizes: Sizes', 'var<storage, read_write> w: array<u32>');
  expect([...bindingLayout({ file: 'b', code: last }).written]).toEqual([1, 2, 3]);
  expect(bindingLayout({ file: 'b', code: last }).uniforms).toBeUndefined();
});

test('the layout of a shader is worked out once', () => {
  const shader = { file: 'a', code: '@binding(0) var<storage, read_write> x: X;' };
  expect(bindingLayout(shader)).toBe(bindingLayout(shader));
});
