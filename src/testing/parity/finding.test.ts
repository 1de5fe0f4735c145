import { describe, expect, test } from 'vitest';
import type { ParityBundle } from '../../formats/parity-bundle.ts';
import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import type { Value } from '../../reference/record.ts';
import { CaseContext } from '../context.ts';
import { findDeviation, labelOf } from './finding.ts';
import type { Question } from './oracle.ts';
import type { QuestionOfRecorded } from './recorded.ts';

const of = (data: readonly number[], shape: readonly number[] = [data.length]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const stored = (dtype: StoredTensor['dtype'], data: readonly number[]): StoredTensor => ({
  dtype,
  shape: [data.length],
  bytes:
    dtype === 'F64'
      ? new Uint8Array(Float64Array.from(data).buffer)
      : new Uint8Array(2 * data.length),
});
const bundleOf = (tensors: Partial<ParityBundle['tensors']> = {}) =>
  ({
    op: 'mul',
    params: {},
    producer: 'torch 2.15.0 + peft 1.0',
    device: 'cuda:0',
    tensors: { inputs: {}, gradsIn: {}, outputs: {}, gradsOut: {}, ...tensors },
  }) as unknown as ParityBundle;
const question = (
  name: string,
  actual: Value,
  truth: Value,
  more: Partial<Question> = {},
): Question => ({
  name,
  isGradient: false,
  actual,
  truth,
  acceptance: { kind: 'exact' },
  unjudged: new Uint8Array(actual.data.length),
  basis: 'the float64 oracle gives',
  ...more,
});

/** What is found, and the names of all that deviate. */
function found(questions: readonly Question[], bundle = bundleOf()) {
  const t = new CaseContext({ ieee: true, seed: 1, injects: [] } as never);
  const names = [...findDeviation(t, bundle, questions).deviating];
  return { names, finding: t.evidence.finding };
}

describe('a recorded tensor that the oracle does not accept', () => {
  test('is the finding, with library, device and element', () => {
    const wrong = question('y', of([1, 2, 3, 5], [2, 2]), of([1, 2, 4, 6], [2, 2]));
    expect(found([question('x', of([1]), of([1])), wrong])).toEqual({
      names: ['y'],
      finding: {
        code: 'producer-deviates',
        message:
          'torch 2.15.0 (cuda:0): y[1, 0] is 3, the float64 oracle gives 4; 2 of 4 elements differ',
        at: { index: [1, 0], actual: 3, expected: 4 },
      },
    });
    expect(found([question('x', of([1]), of([1]))])).toEqual({ names: [], finding: undefined });
  });

  test('names the others that deviate too', () => {
    const nan = question('y', of([Number.NaN]), of([1]));
    const gradient = question('a', of([2]), of([1]), { isGradient: true });
    const { names, finding } = found([nan, question('z', of([1]), of([1])), gradient]);
    expect(names).toEqual(['y', 'gradient of a']);
    expect(finding?.message).toBe(
      'torch 2.15.0 (cuda:0): y[0] is NaN, the float64 oracle gives 1; 1 of 1 elements differ; also gradient of a',
    );
    const three = found([nan, gradient, question('w', of([0]), of([3]))]);
    expect(three.finding?.message).toMatch(/; also gradient of a, w$/);
    expect(found([gradient]).finding?.message).toContain('gradient of a[0] is 2');
  });

  test('is not asked of elements that are not judged', () => {
    const marked = question('y', of([9, 1]), of([1, 1]), { unjudged: Uint8Array.of(1, 0) });
    expect(found([marked]).names).toEqual([]);
  });

  test('is held by the format in which it was stored', () => {
    // A step of float16 at 1 is 2^-10.
    const near = question('y', of([1 + 2 ** -10]), of([1 + 2 ** -10 - 2 ** -12]), {
      acceptance: { kind: 'within', bound: Float64Array.of(0) },
    });
    const half = { outputs: { y: stored('F16', [1]) } };
    expect(found([near]).names).toEqual(['y']);
    expect(found([near], bundleOf(half)).names).toEqual([]);
    const backward = { ...near, isGradient: true };
    expect(found([backward], bundleOf(half)).names).toEqual(['gradient of y']);
    expect(found([backward], bundleOf({ gradsOut: half.outputs })).names).toEqual([]);
  });

  test('may be off by the step of a stored output times the largest gradient that flows in', () => {
    // The least step of float16 is 2^-24; 3 is the largest finite number that flows.
    const gradsOut = { a: stored('F16', [1]) };
    const gradsIn = { y: stored('F64', [2, Number.POSITIVE_INFINITY]), z: stored('F64', [-3, 1]) };
    const off = (steps: number, isGradient: boolean) =>
      question('a', of([steps * 2 ** -24]), of([0]), {
        isGradient,
        acceptance: { kind: 'within', bound: Float64Array.of(0) },
      });
    const bundle = bundleOf({ gradsIn, gradsOut, outputs: gradsOut });
    expect(found([off(3.5, true)], bundle).names).toEqual([]);
    expect(found([off(4, true)], bundle).names).toEqual(['gradient of a']);
    const faint = bundleOf({ gradsIn: { y: stored('F64', [0.25]) }, gradsOut });
    expect(found([off(0.75, true)], faint).names).toEqual([]);
    expect(found([off(1, true)], faint).names).toEqual(['gradient of a']);
    expect(found([off(0.5, false)], bundle).names).toEqual([]);
    expect(found([off(1, false)], bundle).names).toEqual(['a']);
  });
});

test('a gradient is called by what it is the gradient of', () => {
  const y = question('y', of([1]), of([1]));
  expect([labelOf(y), labelOf({ ...y, isGradient: true })]).toEqual(['y', 'gradient of y']);
});

describe('recorded halves that are right', () => {
  /** Forty numbers of 1, `loose` of them with a bound beyond 10 %. */
  const half = (loose: number): Question => {
    const bound = Float64Array.from({ length: 40 }, (_, i) => (i < loose ? 1 : 0));
    const ones = of(new Array(40).fill(1));
    return question('y', ones, ones, { acceptance: { kind: 'within', bound } });
  };
  const bundle = (accumulate?: 'float32') =>
    ({
      ...bundleOf({ outputs: { y: stored('BF16', new Array(40).fill(1)) } }),
      accumulate,
    }) as ParityBundle;

  test('are worth little where the bound would notice less than 95 % of planted errors', () => {
    expect(found([half(2)], bundle()).finding).toBeUndefined();
    expect(found([half(3)], bundle())).toEqual({
      names: [],
      finding: {
        code: 'loose-bound',
        message:
          'y may be rounded to halves on the way, and added up in any order: the bound would notice one element that is 10 % off in 92 % of 40',
      },
    });
  });

  test('are each worth what they are, whatever others beside them', () => {
    const { finding } = found([half(0), half(3), half(0)], bundle());
    expect(finding?.message).toMatch(/^y may be .* in 92 % of 40$/);
  });

  test('are worth what they are where they are rounded once, or stored otherwise', () => {
    expect(found([half(40)], bundle('float32')).finding).toBeUndefined();
    expect(found([half(40)], bundleOf()).finding).toBeUndefined();
  });

  /** Ten numbers that a formula knows to the last bit: its steps leave half of each open. */
  const foreseen = (actual: readonly number[]): QuestionOfRecorded => {
    const ones = of(new Array(10).fill(1));
    const bound = new Float64Array(10).fill(0.5);
    const known = Array.from(ones.data, () => ({ low: 1, high: 1 }));
    const acceptance = { kind: 'within', bound, computedIn: 'bf16' } as const;
    return question('y', of(actual), ones, { acceptance, foreseen: () => [known] });
  };
  const ten = bundleOf({ outputs: { y: stored('BF16', new Array(10).fill(1)) } });

  test('are held to a formula that gives all of them, by which a planted error is noticed', () => {
    const t = new CaseContext({ ieee: true, seed: 1, injects: [] } as never);
    findDeviation(t, ten, [foreseen(new Array(10).fill(1))]);
    expect(t.evidence.finding).toBeUndefined();
    expect(t.evidence.metrics).toEqual({ 'planted.BF16': 1, 'noticed.BF16': 1 });
    // Without the formula the same numbers have the loose bound alone.
    const { foreseen: _, ...unknown } = foreseen(new Array(10).fill(1));
    expect(found([unknown], ten).finding?.code).toBe('loose-bound');
  });

  test('and say which of them it does not give, the farthest first, where it does not give all', () => {
    // A step of bfloat16 at 1 is 2^-7.
    const off = [1, 1 + 2 ** -7, 1, 1 + 16 * 2 ** -7, 1, 1, 1, 1, 1, 1 - 2 * 2 ** -7];
    const { finding } = found([foreseen(off)], ten);
    expect(finding?.code).toBe('loose-bound');
    expect(finding?.message).toMatch(
      /in 0 % of 10; of y 3 of 10 elements are not what the closest formula that is known gives, the farthest by 16 steps of BF16: y\[3\] is 1\.125, the float64 oracle gives 1$/,
    );
    const rounded = foreseen(off.map((x) => Math.min(x, 1 + 2 ** -7)));
    expect(found([rounded], ten).finding?.message).toContain(
      'the farthest by 2 steps of BF16: y[9]',
    );
  });

  test('and say that a formula which gives all has as wide a bound itself', () => {
    const { foreseen: _, ...once } = foreseen(new Array(10).fill(1));
    const inFloat32 = { kind: 'within', bound: new Float64Array(10).fill(0.4) } as const;
    expect(found([{ ...once, inFloat32 } as QuestionOfRecorded], ten).finding?.message).toMatch(
      /in 0 % of 10; y is what the closest formula that is known gives, whose own bound is as wide there$/,
    );
  });

  test('say nothing of it beside one that is wrong', () => {
    const wrong = question('y', of([9]), of([1]));
    expect(found([half(40), wrong], bundle()).finding?.code).toBe('producer-deviates');
  });
});

test('one error is planted in what is right, and whether it is noticed is told', () => {
  const t = new CaseContext({ ieee: true, seed: 1, injects: [] } as never);
  const wide = { kind: 'within', bound: Float64Array.of(100) } as const;
  const right = question('y', of([1]), of([1]), { acceptance: wide });
  const wrong = question('z', of([1]), of([2]));
  findDeviation(t, bundleOf({ outputs: { y: stored('F64', [1]), z: stored('F64', [1]) } }), [
    wrong,
    right,
  ]);
  expect(t.evidence.metrics).toEqual({ 'planted.F64': 1, 'noticed.F64': 0 });
  const none = new CaseContext({ ieee: true, seed: 1, injects: [] } as never);
  findDeviation(none, bundleOf(), [wrong]);
  expect(none.evidence.metrics).toEqual({});
});
