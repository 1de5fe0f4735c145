import { describe, expect, test } from 'vitest';
import type { Sample } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { Random } from '../tensor/random.ts';
import { formatShape } from '../tensor/shape.ts';

/** What labels may say of a tensor: its shape, its one number, or that it is there. */
function wordsOfTensor({
  shape,
  data,
}: {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}): readonly string[] {
  const [first] = Array.from(data);
  return [
    formatShape(shape),
    ...(data.length === 1 ? [String(Math.fround(Number(first)))] : []),
    'true',
  ];
}

/** What labels may say of a parameter. */
function wordsOfParam(value: unknown): readonly string[] {
  if (Array.isArray(value))
    return value.length === 0 ? ['none'] : [value.join('x'), value.join(), value.join('')];
  if (typeof value === 'object' && value !== null && 'name' in value) return [String(value.name)];
  return [String(value)];
}

/** Labels that speak of values or of storage, which nothing here is named after. */
const SHAPE_OR_NUMBER = /^(\d+(x\d+)+|\d+(\.\d+)?)$/;

const labelled = [...records.values()].map(({ name, samples }) => [name, samples] as const);

describe.each(labelled)('labels of %s', (_, samples) => {
  test.each(samples.map((sample) => [JSON.stringify(sample.label), sample] as const))(
    'say what is drawn: %s',
    (_label, { label, params, inputs, grads }: Sample<object>) => {
      const tensors = { ...grads?.(new Random(1)), ...inputs(new Random(1)) };
      const given = new Map<string, readonly string[]>([
        ...Object.entries(params).map(([key, value]) => [key, wordsOfParam(value)] as const),
        ...Object.entries(tensors).map(([key, value]) => [key, wordsOfTensor(value)] as const),
      ]);
      for (const [key, value] of Object.entries(label)) {
        const isTensor = key in tensors;
        if (
          !given.has(key) ||
          (isTensor && typeof value === 'string' && !SHAPE_OR_NUMBER.test(value))
        )
          continue;
        const text = isTensor && typeof value === 'number' ? Math.fround(value) : value;
        expect(given.get(key), key).toContain(String(text));
      }
    },
  );
});

test('a label that says another shape is seen', () => {
  const [sample] = records.get('matmul')?.samples ?? [];
  const drawn = sample?.inputs(new Random(1))['a'];
  expect(drawn && wordsOfTensor(drawn)).toContain(sample?.label['a']);
  expect(drawn && wordsOfTensor({ ...drawn, shape: [...drawn.shape].reverse() })).not.toContain(
    sample?.label['a'],
  );
});
