import { describe, expect, test } from 'vitest';
import type { CaseResult } from '../report/schema.ts';
import { toldMs, withHeldCeilings } from './held-ceilings.ts';

const ADDS = 'multiply-adds, 64 rounds an invocation';
const COPY = 'copy of the same streams, 2 vec4 an invocation';

const work = (id: string, flops: number, read: number, written: number) => ({
  ...{ id, flops, bytes: { read, written } },
});
const timed = (
  id: string,
  backend: string,
  medianMs: number,
  setting = '',
  more: { readonly tried?: Record<string, number>; readonly finding?: CaseResult['finding'] } = {},
) => ({
  ...{ id, backend, setting, metrics: { repeats: 3 }, ...more },
  timing: { medianMs },
});

/** What ceilings are held to, and shares of it, by id and contender. */
function told(works: Parameters<typeof withHeldCeilings>[0], results: ReturnType<typeof timed>[]) {
  return Object.fromEntries(
    withHeldCeilings(works, results).map((result) => {
      const { heldMs, fractionOfCeiling } = result.metrics as Record<string, number>;
      return [`${result.id} ${result.backend}`, heldMs ?? fractionOfCeiling];
    }),
  );
}

describe('a ceiling is held', () => {
  const works = [work('small', 8, 10, 10), work('large', 100, 10, 90), work('other', 50, 90, 5)];

  test('to one of its kind that does more in less time, and shares follow', () => {
    const results = [
      timed('small', 'ceiling', 6, COPY),
      timed('large', 'ceiling', 2, COPY),
      timed('small', 'webgpu', 8),
      timed('small', 'ort-webgpu', 4),
      timed('large', 'webgpu', 4),
    ];
    expect(told(works, results)).toEqual({
      ...{ 'small ceiling': 2, 'large ceiling': 2 },
      ...{ 'small webgpu': 0.25, 'small ort-webgpu': 0.5, 'large webgpu': 0.5 },
    });
  });

  test('to none of another kind, and to none that writes less', () => {
    const results = [
      timed('small', 'ceiling', 6, COPY),
      timed('large', 'ceiling', 2, ADDS),
      timed('other', 'ceiling', 3, COPY),
    ];
    expect(told(works, results)).toEqual({
      ...{ 'small ceiling': 6, 'large ceiling': 2, 'other ceiling': 3 },
    });
  });

  test('to our kernels of the same work, so that none takes less than its ceiling', () => {
    const results = [timed('large', 'ceiling', 5, ADDS), timed('large', 'webgpu', 4)];
    expect(told(works, results)).toEqual({ 'large ceiling': 4, 'large webgpu': 1 });
    expect(withHeldCeilings(works, results).map(toldMs)).toEqual([4, 4]);
  });

  test('to what was tried and not raced: of its own, of ours and of another ceiling', () => {
    const results = [
      timed('large', 'ceiling', 5, ADDS, { tried: { [ADDS]: 5, 'multiply-adds, 8 rounds': 4.5 } }),
      timed('small', 'ceiling', 6, COPY),
      timed('other', 'ceiling', 7, COPY),
      timed('other', 'webgpu', 8, 'captured', { tried: { captured: 8, 'variant tiled': 3 } }),
    ];
    expect(told(works, results)).toEqual({
      ...{ 'large ceiling': 4.5, 'small ceiling': 6, 'other ceiling': 3, 'other webgpu': 3 / 8 },
    });
    const copied = timed('large', 'ceiling', 5, COPY, { tried: { [COPY]: 5, 'copy, 4 vec4': 2 } });
    expect(told(works, [copied, timed('small', 'ceiling', 6, COPY)])).toEqual({
      ...{ 'large ceiling': 2, 'small ceiling': 2 },
    });
  });

  test('to kernels of a library, but not to one that does less, or runs elsewhere', () => {
    const finding = { code: 'coarser-bound', message: 'activations of 8 bits' };
    const results = [
      timed('large', 'ceiling', 5, ADDS),
      timed('large', 'jax-webgpu', 4),
      timed('large', 'ort-webgpu', 3, '', { finding }),
      timed('large', 'ort-wasm', 1),
    ];
    expect(told(works, results)).toMatchObject({ 'large ceiling': 4, 'large jax-webgpu': 1 });
  });

  test('where it is of commands or look-ups, or of a work that is not known, to nothing', () => {
    const results = [
      timed('small', 'ceiling', 6, 'look-ups'),
      timed('old', 'ceiling', 6, COPY),
      timed('old', 'webgpu', 8),
    ];
    expect(withHeldCeilings(works, results)).toEqual(results);
  });

  test('and keeps what it took', () => {
    const results = [timed('small', 'ceiling', 6, COPY), timed('large', 'ceiling', 2, COPY)];
    expect(withHeldCeilings(works, results).map(({ timing }) => timing)).toEqual(
      results.map(({ timing }) => timing),
    );
  });
});
