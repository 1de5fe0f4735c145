import { expect, test } from 'vitest';
import { describedCall } from '../fixtures/launches.ts';

const call = { inputs: { x: [3, 10], input_scale: [1] }, params: {} } as const;

test('finds the range of all of x, and a scale from it and from the one before', async () => {
  const { commands, results } = await describedCall('quanto_calibrate', call);
  expect(results).toEqual({ input_scale: 'f32 1' });
  expect(commands).toMatchObject([
    { kernel: 'quant/min_max' },
    { kernel: 'quant/quanto_calibrate', uniforms: {} },
  ]);
});

test.each([
  [{ input_scale: [3] }, 'quanto_calibrate: input_scale 3 is not one for all of x'],
  [{ x: [0, 10] }, 'no elements'],
])('is refused what does not fit: %j', async (wrong, message) => {
  const other = { ...call, inputs: { ...call.inputs, ...wrong } };
  await expect(describedCall('quanto_calibrate', other)).rejects.toThrow(message);
});
