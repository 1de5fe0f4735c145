import { expect, test } from 'vitest';
import { hostTensorFrom } from '../../tensor/host.ts';
import { firstNotFinite } from './not-finite.ts';
import { toStored } from './write.ts';

/** More than one look of {@link firstNotFinite}, and no whole number of words. */
const COUNT = 40_001;
/** In the second look. */
const AT = 33_333;

const LARGEST = { f32: 3.4028234e38, f16: 65_504, bf16: 3.3895e38 } as const;
const stored = (dtype: keyof typeof LARGEST, at: number, value: number) => {
  const data = new Float64Array(COUNT).fill(-LARGEST[dtype]);
  data[at] = value;
  return toStored(hostTensorFrom(dtype, [COUNT], data));
};

test.each(['f32', 'f16', 'bf16'] as const)('the first number of %s that is not finite', (dtype) => {
  for (const at of [0, AT, COUNT - 1])
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(firstNotFinite(stored(dtype, at, value))).toEqual({ index: at, value });
  expect(firstNotFinite(stored(dtype, AT, LARGEST[dtype]))).toBeUndefined();
});

test('bytes may lie anywhere in a file', () => {
  const { bytes, ...rest } = stored('f32', AT, Number.NaN);
  const file = new Uint8Array(bytes.length + 1);
  file.set(bytes, 1);
  expect(firstNotFinite({ ...rest, bytes: file.subarray(1) })?.index).toBe(AT);
});

test('codes are no floats', () => {
  const bytes = new Uint8Array(8).fill(255);
  expect(firstNotFinite({ dtype: 'U8', shape: [8], bytes })).toBeUndefined();
});
