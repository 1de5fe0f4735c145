import { expect, test } from 'vitest';
import { blockVariants } from './blocks.ts';

test('both ways to find a largest element run the kernels of the op and cut its sum alike', () => {
  const depth = (terms: number) => terms;
  const own = { kernels: ['quant/block_absmax', 'a', 'b'], lanes: 3, depth };
  const { serial, cooperative } = blockVariants(['a', 'b'], { lanes: 3, depth });
  expect(serial).toMatchObject(own);
  expect(cooperative).toMatchObject(own);
  expect([serial.prefers, typeof cooperative.prefers]).toEqual([undefined, 'function']);
});
