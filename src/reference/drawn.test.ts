import { expect, test } from 'vitest';
import { isHalf } from '../tensor/dtype.ts';
import { drawSample } from './drawn.ts';
import { specOf } from './record.ts';
import { records } from './registry.ts';

test('every sample has tensors of types that its record lists, or of halves where it has f32', () => {
  const all = [...records.values()].flatMap((record) =>
    record.samples.map((sample) => ({ record, sample })),
  );
  const wrong = all.flatMap(({ record: { name, inputs: specs }, sample }) => {
    const { inputs } = drawSample(sample);
    return Object.entries(inputs).flatMap(([input, { dtype }]) =>
      dtype && specOf(specs, input)?.dtypes.includes(isHalf(dtype) ? 'f32' : dtype)
        ? []
        : [`${name} ${input} ${dtype}`],
    );
  });
  expect(wrong).toEqual([]);
});
