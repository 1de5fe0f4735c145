import { afterAll, beforeAll, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { expectSameBits, KINDS } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** As resumed-run.gpu.test.ts, of all that a step may keep. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

test.each(Object.entries(KINDS))('%s goes on bit by bit, wherever it was cut short', (_, fields) =>
  expectSameBits(gpu, fields),
);
