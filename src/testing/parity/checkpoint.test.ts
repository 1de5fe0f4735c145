import { expect, test } from 'vitest';
import type { CheckpointWeight } from '../../formats/quantized-checkpoint.ts';
import { CaseContext, SkipSignal } from '../context.ts';
import { checkWeight } from './checkpoint.ts';

/** Why a weight is not decoded; a device is never asked. */
async function skipOf(weight: object): Promise<string> {
  const gpu = {
    get memory(): never {
      throw new Error('decoded');
    },
  };
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] } as never);
  const given = {
    format: { name: 'nf4' },
    blocksize: 64,
    shape: [64],
    dtype: 'float32',
    ...weight,
  };
  const thrown = await checkWeight(t, given as unknown as CheckpointWeight).catch(
    (error: unknown) => error,
  );
  if (thrown instanceof SkipSignal) expect(thrown.code).toBe('not-implemented');
  return (thrown as Error).message;
}

test.each([
  [{}, 'decoded'],
  [{ dtype: 'bfloat16', blocksize: 32 }, 'decoded'],
  [{ dtype: 'float16', blocksize: 4096 }, 'decoded'],
  [{ dtype: 'int8' }, 'the weight decodes to int8; known are float32, float16, bfloat16'],
  [
    { dtype: 'x'.repeat(50) },
    `the weight decodes to ${'x'.repeat(40)}; known are float32, float16, bfloat16`,
  ],
  [{ blocksize: 16 }, 'blocks of 16: known are powers of two from 32'],
  [{ blocksize: 48 }, 'blocks of 48: known are powers of two from 32'],
])('a weight %j is %s', async (weight, said) => {
  expect(await skipOf(weight)).toBe(said);
});
