import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from './codec.ts';
import { environmentCodec, type LinkEnvironment } from './environment.ts';

const EMPTY: LinkEnvironment = {
  runtime: '',
  runtimeVersion: '',
  os: '',
  cores: 3,
  adapter: { vendor: '', architecture: '', device: '', description: '', isFallback: true },
  features: [],
  probe: {},
};

const bytesOf = (change: Partial<LinkEnvironment>) => {
  const out = new ByteWriter();
  environmentCodec.write(out, { ...EMPTY, ...change });
  return [...out.finish()];
};
/** Three texts, the cores, four texts and the fallback stand before the features. */
const HEAD = [0, 0, 0, 3, 0, 0, 0, 0, 1];
const read = (rest: readonly number[]) =>
  environmentCodec.read(new ByteReader(Uint8Array.from([...HEAD, ...rest]), 2));

describe('where a run took place', () => {
  test('is texts and cores, in the order of the format', () => {
    const adapter = {
      vendor: 'd',
      architecture: 'e',
      device: 'f',
      description: 'g',
      isFallback: false,
    };
    const here = { runtime: 'a', runtimeVersion: 'b', os: 'c', cores: 200, adapter };
    const letters = (...codes: readonly number[]) => codes.flatMap((code) => [1, code]);
    expect(bytesOf(here)).toEqual([
      ...letters(97, 98, 99),
      ...[200, 1],
      ...letters(100, 101, 102, 103),
      ...[0, 0, 0],
    ]);
    expect(bytesOf({})).toEqual([...HEAD, 0, 0]);
  });

  test('has features by their places in the list, others by their names', () => {
    const features = [
      'core-features-and-limits',
      'timestamp-query',
      'shader-f16',
      'subgroups',
      'texture-component-swizzle',
      'xyz',
    ];
    const bytes = [6, 1, 9, 11, 18, 22, 0, 3, 120, 121, 122, 0];
    expect(bytesOf({ features })).toEqual([...HEAD, ...bytes]);
    expect(read(bytes).features).toEqual(features);
    expect(() => read([1, 23, 0])).toThrow('a number is too large');
  });

  test('has all features of WebGPU in the order of its specification', () => {
    // https://gpuweb.github.io/gpuweb/#gpufeaturename
    const features = [
      ...['core-features-and-limits', 'depth-clip-control', 'depth32float-stencil8'],
      ...['texture-compression-bc', 'texture-compression-bc-sliced-3d'],
      ...['texture-compression-etc2', 'texture-compression-astc'],
      ...['texture-compression-astc-sliced-3d', 'timestamp-query', 'indirect-first-instance'],
      ...['shader-f16', 'rg11b10ufloat-renderable', 'bgra8unorm-storage', 'float32-filterable'],
      ...['float32-blendable', 'clip-distances', 'dual-source-blending', 'subgroups'],
      ...['texture-formats-tier1', 'texture-formats-tier2', 'primitive-index'],
      'texture-component-swizzle',
    ];
    const places = Array.from({ length: 22 }, (_, i) => i + 1);
    expect(bytesOf({ features })).toEqual([...HEAD, 22, ...places, 0]);
  });

  test('has what the probe found: a tag, and the text of texts and numbers', () => {
    const probe = { a: null, b: false, c: true, d: 'x', e: 1234.56789, f: -2 };
    const letter = (text: string) => [text.length, ...new TextEncoder().encode(text)];
    const bytes = [
      ...[0, 6, ...letter('a'), 0, ...letter('b'), 1, ...letter('c'), 2],
      ...[...letter('d'), 3, ...letter('x'), ...letter('e'), 4, ...letter('1234.57')],
      ...[...letter('f'), 4, ...letter('-2')],
    ];
    expect(bytesOf({ probe })).toEqual([...HEAD, ...bytes]);
    expect(read(bytes).probe).toEqual({ ...probe, e: 1234.57 });
    // What is no number reads as none.
    expect(read([0, 1, ...letter('a'), 4, ...letter('Infinity')]).probe).toEqual({ a: null });
    expect(() => read([0, 1, ...letter('a'), 5])).toThrow('a number is too large');
  });

  test('has at most 128 features and 64 findings', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);
    expect(bytesOf({ features: many(128) }).length).toBeGreaterThan(128);
    expect(() => bytesOf({ features: many(129) })).toThrow('129 values where 128 fit');
    const found = (count: number) => Object.fromEntries(many(count).map((name) => [name, null]));
    expect(bytesOf({ probe: found(64) }).length).toBeGreaterThan(64);
    expect(() => bytesOf({ probe: found(65) })).toThrow('65 values where 64 fit');
  });
});
