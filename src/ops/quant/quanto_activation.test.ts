import { expect, test } from 'vitest';
import { describedCall } from '../fixtures/launches.ts';

const callOf = (x: readonly number[], qtype: string) => ({
  inputs: { x, scale: [1] },
  params: { qtype },
});

test.each([
  ['qint8', [3, 9], { KIND: 1, SHARED: 0, WORDS: 1 }, 'i8 3x9'],
  ['qfloat8_e4m3fn', [3, 20], { KIND: 2, SHARED: 1, WORDS: 1 }, 'u8 3x20'],
  ['qfloat8_e4m3fnuz', [3, 20], { KIND: 4, SHARED: 1, WORDS: 1 }, 'u8 3x20'],
  ['qfloat8_e5m2', [4, 20], { KIND: 3, SHARED: 1, WORDS: 4 }, 'u8 4x20'],
])('codes all of x as one group (%s)', async (qtype, x, constants, codes) => {
  const { commands, results } = await describedCall('quanto_activation', callOf(x, qtype));
  expect(results).toEqual({ q: codes, dequant: `f32 ${x.join('x')}` });
  expect(commands).toMatchObject([
    {
      kernel: 'quant/quanto_codes',
      binds: 'x scale x q dequant',
      constants: { ...constants, STORAGE: 0, COLUMNS: 0 },
    },
  ]);
});

test('is refused more than one scale', async () => {
  const call = callOf([3, 10], 'qint8');
  const other = { ...call, inputs: { ...call.inputs, scale: [3] } };
  await expect(describedCall('quanto_activation', other)).rejects.toThrow(
    'quanto_activation: scale 3 is not one for all of x',
  );
});
