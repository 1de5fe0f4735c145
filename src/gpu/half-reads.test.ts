import { describe, expect, test } from 'vitest';
import { readingHalves, textReading } from './half-reads.ts';
import type { Allocation, Binding } from './memory.ts';
import type { Shader } from './shader.ts';

const CODE = `@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<uniform> dims: vec4u;
@group(0) @binding(2) var<storage, read> fours: array<vec4f>;
@group(0) @binding(3) var<storage, read> words: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
fn f(i: u32) -> f32 {
  return x[u32(x[i])] + fours[i / 4u][i % 4u] + xx[i] + dims.x [0] + f32(words[x_of[i]].x);
}`;

const memory = {} as Allocation;
const bound = (half?: 'f16' | 'bf16'): Binding => ({
  ...{ memory, offset: 0, size: 16 },
  ...(half ? { half } : {}),
});

describe('a kernel that reads halves', () => {
  const shader: Shader = { file: 'math/f', code: CODE, reads: ['f16', 'bf16', 'f16', undefined] };
  const text = textReading(shader, CODE);

  test('has them as words, each element widened where it is read', () => {
    expect(text).toContain('@binding(0) var<storage, read> x: array<u32>;');
    expect(text).toContain('@binding(2) var<storage, read> fours: array<vec2u>;');
    expect(text).toContain(
      'return x_of_half(u32(u32(x_of_half(u32(i))))) + fours_of_half(u32(i / 4u))[i % 4u] + xx[i] + dims.x [0] + f32(words[x_of[i]].x);',
    );
    expect(text).toMatch(
      /fn x_of_half\(i: u32\) -> f32 \{\s+return half_at\(x\[i >> 1u\], i, 1u\);/,
    );
    expect(text).toMatch(
      /fn fours_of_half\(i: u32\) -> vec4f \{\s+return unpack_four\(fours\[i\], 2u\);/,
    );
  });

  test('takes words and results as they are', () => {
    expect(text).toContain('words: array<vec2u>;');
    expect(text).toContain('y: array<f32>;');
    expect(text).not.toContain('words_of_half');
  });

  test('has the functions that widen once, those with which it was linked among them', () => {
    const count = (code: string, name: string) => code.split(`fn ${name}(`).length - 1;
    expect(count(text, 'f32_bits_of_f16')).toBe(1);
    const linked = `${CODE}\nfn f32_bits_of_f16(half: u32) -> u32 { return half; }`;
    const again = textReading(shader, linked);
    expect(count(again, 'f32_bits_of_f16')).toBe(1);
    expect(count(again, 'half_at')).toBe(1);
  });
});

test('a launch without halves is what it was, and two with the same halves have one shader', () => {
  const shader: Shader = { file: 'math/f', code: CODE };
  const workgroups = [1, 1, 1] as const;
  const floats = { shader, workgroups, bindings: [bound(), bound()] };
  expect(readingHalves(floats)).toBe(floats);
  const halves = { shader, workgroups, bindings: [bound('f16'), bound()] };
  const reading = readingHalves(halves).shader;
  expect(reading.reads).toEqual(['f16', undefined]);
  expect(readingHalves({ ...halves }).shader).toBe(reading);
  expect(readingHalves({ ...halves, bindings: [bound('bf16'), bound()] }).shader).not.toBe(reading);
});
