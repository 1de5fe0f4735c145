import { describe, expect, test } from 'vitest';
import type { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import type { GivenParams, InputsOf } from '../../vocabulary/signature.ts';
import { EPS, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import { record } from './cross_entropy.ts';

type Inputs = InputsOf<typeof crossEntropy, Value>;
type Params = GivenParams<typeof crossEntropy>;

const differentiable = record as Required<typeof record>;

function inputsOf(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  weight?: readonly number[],
): Inputs {
  const classes = logits[0]?.length ?? 0;
  return {
    logits: { shape: [logits.length, classes], data: Float64Array.from(logits.flat()) },
    labels: { shape: [labels.length], data: Float64Array.from(labels) },
    ...(weight ? { weight: { shape: [classes], data: Float64Array.from(weight) } } : {}),
  };
}

const lossOf = (inputs: Inputs, params: Params = {}): number[] =>
  Array.from(record.forward(inputs, params).loss.data);
const gradientOf = (inputs: Inputs, params: Params = {}): number[] =>
  Array.from(
    differentiable.vjp(inputs, params, { loss: { shape: [1], data: Float64Array.of(1) } }).logits
      ?.data ?? [],
  );

describe('cross-entropy', () => {
  test('of a sequence without batches leaves out its last row where labels are shifted', () => {
    const logits = [
      [0, Math.log(3)],
      [5, -5],
    ];
    expect(lossOf(inputsOf(logits, [0, 1]), { shift: true })).toEqual([
      expect.closeTo(Math.log(4 / 3), 12),
    ]);
  });

  test('of labels that do not fit the logits is refused', () => {
    expect(() => lossOf(inputsOf([[1, 2]], [0, 1]))).toThrow(
      'cross_entropy: labels do not fit the logits',
    );
  });

  test.each([1, 2, 10, 256])(
    'of uniform logits over %i classes is ln C, smoothed or not',
    (classes) => {
      const inputs = inputsOf(
        [new Array<number>(classes).fill(3.5), new Array<number>(classes).fill(-1)],
        [0, classes - 1],
      );
      for (const label_smoothing of [0, 0.1, 1])
        expect(lossOf(inputs, { label_smoothing })[0]).toBeCloseTo(Math.log(classes), 12);
    },
  );

  test('does not change when a number is added to all logits, and is 0 for a sure and right prediction', () => {
    const logits = [[0.3, -2, 1.5]];
    expect(lossOf(inputsOf([[1000.3, 998, 1001.5]], [1]))[0]).toBeCloseTo(
      lossOf(inputsOf(logits, [1]))[0] as number,
      9,
    );
    expect(lossOf(inputsOf([[0, 1000, 0]], [1]))[0]).toBe(0);
    expect(lossOf(inputsOf([[0, 1000, 0]], [2]))[0]).toBe(1000);
  });

  test('has the gradient (softmax - onehot) / N, which sums to 0 in a row', () => {
    const gradient = gradientOf(
      inputsOf(
        [
          [0, 0],
          [Math.log(3), 0],
        ],
        [1, 0],
      ),
    );
    [0.25, -0.25, -0.125, 0.125].forEach((expected, i) => {
      expect(gradient[i]).toBeCloseTo(expected, 14);
    });
  });

  test('leaves ignored rows out of the sum, the mean and the gradient', () => {
    const logits = [
      [1, 2],
      [3, 4],
      [5, 0],
    ];
    const inputs = inputsOf(logits, [0, -100, 1]);
    const kept = inputsOf([logits[0] as number[], logits[2] as number[]], [0, 1]);
    expect(lossOf(inputs)).toEqual(lossOf(kept));
    expect(lossOf(inputs, { reduction: 'sum' })).toEqual(lossOf(kept, { reduction: 'sum' }));
    expect(lossOf(inputs, { reduction: 'none' })[1]).toBe(0);
    expect(gradientOf(inputs).slice(2, 4)).toEqual([0, 0]);
  });

  test('divides the mean by the weights used', () => {
    const inputs = inputsOf(
      [
        [0, 0],
        [0, 0],
      ],
      [0, 1],
      [1, 3],
    );
    expect(lossOf(inputs, { reduction: 'none' })).toEqual([Math.log(2), 3 * Math.log(2)]);
    expect(lossOf(inputs)[0]).toBeCloseTo(Math.log(2), 14);
  });

  test('predicts the next label with shift', () => {
    const inputs = inputsOf(
      [
        [0, 9],
        [9, 0],
        [5, 5],
      ],
      [7, 1, 0],
    );
    expect(lossOf(inputs, { shift: true, reduction: 'none' })[2]).toBe(0);
    expect(lossOf(inputs, { shift: true })[0]).toBeCloseTo(Math.log(1 + Math.exp(-9)), 12);
  });

  test('log_probs are logarithms of numbers that sum to 1', () => {
    const { log_probs } = record.forward(inputsOf([[0.5, -3, 8, 1]], [0]), {});
    expect(log_probs?.data.reduce((sum, x) => sum + Math.exp(x), 0)).toBeCloseTo(1, 14);
  });
});

test('a sequence without a batch is shifted, too, and ends without a label', () => {
  const half = Math.log(3);
  const inputs = inputsOf(
    [
      [0, half],
      [0, 0],
      [9, 0],
    ],
    [0, 1, 0],
  );
  // The first row foretells the second label, the second the third, and the third nothing.
  expect(lossOf(inputs, { shift: true, reduction: 'none' })).toEqual([
    expect.closeTo(-Math.log(0.75), 12),
    expect.closeTo(Math.LN2, 12),
    0,
  ]);
});

test('a label beyond 32 bits cannot be ignored', () => {
  const refusalOf = (ignore_index: number) => record.unsupported?.({}, { ignore_index });
  expect([-100, 2 ** 31 - 1, -(2 ** 31)].map(refusalOf)).toEqual(new Array(3).fill(undefined));
  expect(refusalOf(2 ** 31)).toBe('ignore_index 2147483648');
});

test('labels that do not fit the logits are refused', () => {
  const { logits } = inputsOf(
    [
      [0, 1],
      [2, 3],
    ],
    [0, 1],
  );
  const labels = { shape: [3], data: Float64Array.of(0, 1, 0) };
  expect(() => record.forward({ logits, labels }, {})).toThrow('labels do not fit the logits');
});

describe('classes whose weights have both signs', () => {
  // Weights of 1 and -1/2 are 1/2 together, and 3/2 in size; of each class the share is a half.
  const inputs = inputsOf([[7, 7]], [0], [1, -0.5]);
  const params = { label_smoothing: 0.5, reduction: 'none' } as const;
  const arithmetic = { depth: () => 1, ieee: false };
  const grads = { loss: { shape: [1], data: Float64Array.of(1) } };
  const boundOf = (acceptance: Acceptance | undefined) =>
    acceptance?.kind === 'within'
      ? Array.from(acceptance.bound, (x) => x / (EPS * SECOND_ORDER))
      : [];

  test('are smoothed by the sum of their weights', () => {
    // Half of the label's loss, and a quarter of half a logarithm.
    expect(lossOf(inputs, params)).toEqual([expect.closeTo(0.625 * Math.LN2, 14)]);
    // Half of a half less 1, and a quarter of a quarter less 1; of the other a quarter more 1/2.
    const slope = 0.25 + 0.1875;
    expect(gradientOf(inputs, params)).toEqual([
      expect.closeTo(-slope, 14),
      expect.closeTo(slope, 14),
    ]);
  });

  test('err by the sizes of their weights', () => {
    // The sum of exponentials 3 and 1 units, its logarithm 4 more.
    const { loss } = record.acceptance(inputs, record.forward(inputs, params), params, arithmetic);
    const own = (8 + Math.LN2) / 2 + (3 * Math.LN2) / 2;
    const rest = (1.5 * (8 + 2 * Math.LN2)) / 4 + (3 * Math.LN2) / 8;
    expect(boundOf(loss)).toEqual([expect.closeTo(own + rest + 0.625 * Math.LN2, 4)]);
    const { vjp, vjpAcceptance } = differentiable;
    const gradients = vjp(inputs, params, grads);
    const { logits } = vjpAcceptance(inputs, gradients, params, grads, arithmetic);
    // A probability is 3, 4 and 2.5 units of a half off.
    const p = 4.75;
    const slope = p / 2 + 4 * 0.25 + ((p + 0.5) / 2 + 1.5 / 2) / 4 + 3 * 0.1875 + 2 * 0.4375;
    expect(boundOf(logits)).toEqual(new Array(2).fill(expect.closeTo(slope, 4)));
  });
});
