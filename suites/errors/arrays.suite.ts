import { GradproofError } from '../../src/errors.ts';
import { fromArray } from '../../src/tensor/from-array.ts';
import { valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';

export const arrays = suite('errors.arrays', {
  description: 'Arrays that a tensor can hold exactly are taken, others are refused',
});

/** The ends of each type, and numbers between that another type would round. */
const SMALLEST_NORMAL = 2 ** -126;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

const TAKEN = {
  Int32Array: Int32Array.of(-(2 ** 31), -16777217, -1, 0, 1, 16777217, 2 ** 31 - 1),
  Uint32Array: Uint32Array.of(0, 1, 16777217, 2 ** 31, 2 ** 32 - 1),
  Int8Array: Int8Array.of(-128, -1, 0, 127),
  Uint8Array: Uint8Array.of(0, 1, 128, 255),
  Float32Array: Float32Array.of(-0, 1 / 3, SMALLEST_NORMAL, LARGEST),
} as const;

arrays
  .case('taken', { array: Object.keys(TAKEN) })
  .covers('triton.errors.invalid-dtype-input/documented-types-exact')
  .desc(
    'What is documented to be taken comes back from the device exactly, the ends and the sign of a zero included, as does a part of a larger array.',
  )
  .control('whatever it is, it is read as float32', (fault) =>
    fault.host('tensor.dtype_of', (original) => (data) => {
      const dtype = original(data) as string;
      return dtype === 'f32' ? 'i32' : 'f32';
    }),
  )
  .run(async (t) => {
    const whole = TAKEN[String(t.params['array']) as keyof typeof TAKEN];
    for (const data of [whole, whole.subarray(1)]) {
      using tensor = Tensor.from(t.gpu, fromArray(data, [data.length]));
      const back = await tensor.read();
      t.expect(
        back.data.constructor === data.constructor,
        () => `${data.constructor.name} comes back as ${back.data.constructor.name}`,
      );
      const actual = valuesOf(back);
      const expected = Float64Array.from(data);
      const shape = [data.length];
      t.expectEqual('elements', { shape, data: actual }, { shape, data: expected });
      t.expect(
        actual.every((x, i) => Object.is(x, expected[i])),
        () => `a zero has another sign: ${actual}`,
      );
    }
  });

/** What cannot be held exactly, or is no array. */
const REFUSED: Readonly<Record<string, unknown>> = {
  Float64Array: Float64Array.of(0.1, 1),
  String: '1, 2',
  BigInt64Array: BigInt64Array.of(1n, 2n),
};

arrays
  .case('refused', { array: Object.keys(REFUSED) })
  .covers('triton.errors.invalid-dtype-input/others-refused')
  .desc('Anything else is refused with its name and all the types that are taken.')
  .control('everything counts as float32', (fault) =>
    fault.host('tensor.dtype_of', () => () => 'f32'),
  )
  .run(async (t) => {
    const name = String(t.params['array']);
    let thrown: unknown;
    try {
      fromArray(REFUSED[name], [2]);
    } catch (error) {
      thrown = error;
    }
    t.expect(
      thrown instanceof GradproofError && thrown.code === 'dtype',
      () => `what is thrown is ${thrown}`,
    );
    for (const word of [`of ${name}:`, ...Object.keys(TAKEN)])
      t.expect(String(thrown).includes(word), () => `"${word}" is not in: ${thrown}`);
  });
