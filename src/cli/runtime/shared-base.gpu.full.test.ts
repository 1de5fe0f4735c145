import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { SharedRuns } from './fixtures/shared-runs.ts';
import { courseOf, modelOf, run, stepsOf, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Adapters over a base in codes whose parts lie at workers: what each of them has of it. */

const HIDDEN = 256;
const LAYERS = 4;
const VOCABULARY = 40;
const RANK = 2;
const MODEL = modelOf({ hidden: HIDDEN, intermediate: HIDDEN, layers: LAYERS });
const LORA = { r: RANK, lora_alpha: 4, target_modules: 'all-linear' };

let gpu: Gpu;
let runs: SharedRuns;
beforeAll(async () => {
  runs = await SharedRuns.build(MODEL);
  gpu = await softwareGpu();
}, 240_000);
afterAll(() => {
  gpu?.[Symbol.dispose]();
  runs?.[Symbol.dispose]();
});

/** Rows and columns of the linears of a block: q, k, v, o, gate, up and down, of two heads and one. */
const LINEARS = [1, 0.5, 0.5, 1, 1, 1, 1].map((share) => [share * HIDDEN, HIDDEN] as const);
const sum = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0);
const F32 = 4;

/** Bytes of a block, its adapters among them, whose weights are kept in so many bytes. */
const blockBytes = (codesOf: (weights: number) => number): number =>
  sum(LINEARS.map(([rows, columns]) => codesOf(rows * columns) + F32 * RANK * (rows + columns))) +
  2 * F32 * HIDDEN;

/** Of bitsandbytes: 64 codes of four bits have a scale in f32. */
const NF4 = (weights: number) => weights / 2 + F32 * (weights / 64);
/** Of HQQ: 64 codes of four bits have a scale and a zero. */
const HQQ = (weights: number) => weights / 2 + 2 * F32 * (weights / 64);

test.each([
  ['qlora', {}, NF4],
  ['hqq_lora', { quantization: { nbits: 4, group_size: 64 } }, HQQ],
] as const)(
  'each worker has its part of a base of %s, and one layer of it beside',
  async (type, fields, codesOf) => {
    const given = { type, lora: LORA, optim: 'sgd', max_steps: 3, ...fields };
    const block = blockBytes(codesOf);
    const ends = F32 * HIDDEN * (2 * VOCABULARY + 1);
    for (const workers of [2, 4]) {
      const inParts = { ...given, gradient_accumulation_steps: workers };
      const alone = await run(gpu, { ...trainingOf(inParts), ...MODEL }, undefined);
      const shared = await runs.run(gpu, inParts, { strategy: 'full_shard', workers });
      const part = (LAYERS * block + ends) / workers;
      expect(shared.ends.map(({ rank }) => rank)).toEqual(
        Array.from({ length: workers }, (_, i) => i),
      );
      for (const { weights } of shared.ends) {
        expect(Math.abs(weights.lasting / part - 1), `${workers} workers`).toBeLessThan(0.02);
        expect(Math.abs(weights.peak / (part + block) - 1)).toBeLessThan(0.02);
      }
      const losses = stepsOf(courseOf(shared.told)).map(({ loss }) => loss as number);
      expect(losses).toHaveLength(3);
      for (const [i, { loss }] of stepsOf(courseOf(alone.told)).entries())
        expect(Math.abs((losses[i] as number) / (loss as number) - 1)).toBeLessThan(1e-4);
    }
  },
  240_000,
);
