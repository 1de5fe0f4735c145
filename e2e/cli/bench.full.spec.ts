import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { readReport } from '../../src/report/read.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

/** A benchmark of each kind, at least twenty batches of each. */
const FILTERS = [
  'bench.dequantize_4bit:nf4;*',
  'bench.adamw_step:f32;n=2097152',
  'bench.scaled_dot_product_attention:f32;heads=8;tokens=128;width=64',
  'bench.mlp-step:f32;batch=64;hidden=256',
];

async function benched(folder: string, names: readonly string[] = FILTERS, samples = 20) {
  const file = join(folder, 'bench.json');
  const filters = names.flatMap((filter) => ['--filter', filter]);
  const run = ['bench', '--runtime', 'node', '--samples', String(samples)];
  const args = [...run, ...filters, '--report', file];
  expect((await gradproof(args)).status).toBe(0);
  const { results, environments } = readReport(readFileSync(file, 'utf8'), file);
  return {
    results: results.filter(({ backend }) => backend === 'webgpu'),
    isProcessor: environments[0]?.adapter.isFallback,
  };
}

test(
  'bench tells the rate of products up to 1024 a side, and up to 4096 where the adapter is no processor',
  covers('fsdp.performance.future-benchmarks/matmul-gflops').control('a rate is of half the work', {
    file: 'src/bench/works/products.ts',
    from: 'flops: 2 * (batch',
    to: 'flops: (batch',
  }),
  async ({ folder }) => {
    const cubes = [256, 512, 1024, 2048, 4096];
    const names = cubes.map((n) => `bench.matmul:f32;m=${n};n=${n};k=${n}`);
    const { results, isProcessor } = await benched(folder, names, 5);
    expect(results.map(({ id }) => id).sort()).toEqual(names.toSorted());
    for (const [i, name] of names.entries()) {
      const n = cubes[i] as number;
      const { status, skip, timing, metrics } = results.find(({ id }) => id === name) ?? {};
      if (isProcessor && n > 1024) {
        expect([name, status, skip?.code]).toEqual([name, 'skip', 'slow-adapter']);
        continue;
      }
      expect([name, status]).toEqual([name, 'pass']);
      expect(metrics?.['gflops']).toBeCloseTo((2 * n ** 3) / (timing?.medianMs as number) / 1e6, 6);
    }
  },
);

test(
  'bench measures dequantization, attention, AdamW and a whole step',
  covers('fsdp.performance.future-benchmarks/other-kernels').control('bytes count twice', {
    file: 'src/bench/results.ts',
    from: 'gbps: moved',
    to: 'gbps: 2 * moved',
  }),
  async ({ folder }) => {
    const { results } = await benched(folder);
    expect(results.map(({ suite }) => suite).sort()).toEqual([
      'bench.adamw_step',
      'bench.dequantize_4bit',
      'bench.mlp-step',
      'bench.scaled_dot_product_attention',
    ]);
    for (const { id, status, timing, metrics } of results) {
      expect([id, status]).toEqual([id, 'pass']);
      expect(timing?.medianMs, id).toBeGreaterThan(0);
      if (id.startsWith('bench.dequantize')) {
        // 2 MiB of codes, 1/4 MiB of scales and 16 MiB of numbers.
        const bytes = 2 ** 21 + 2 ** 18 + 2 ** 24;
        expect(metrics?.['gbps']).toBeCloseTo(bytes / (timing?.medianMs as number) / 1e6, 6);
      }
    }
  },
);

test(
  'bench gives median, tenth and ninetieth percentile of as many batches as asked',
  covers('fsdp.performance.future-benchmarks/median-p10-p90').control(
    'the tenth percentile is the largest',
    {
      file: 'src/bench/results.ts',
      from: 'p10Ms: quantile(best.figures, 0.1)',
      to: 'p10Ms: quantile(best.figures, 1)',
    },
  ),
  async ({ folder }) => {
    for (const { id, timing, metrics, series } of (await benched(folder)).results) {
      const sorted = (series?.['ms'] ?? []).flatMap((ms) => ms ?? []).sort((a, b) => a - b);
      expect([id, sorted.length, timing?.samples]).toEqual([id, 20, 20]);
      // Between the second and the third, and the eighteenth and the nineteenth.
      expect(metrics?.['p10Ms']).toBeCloseTo(
        0.1 * (sorted[1] as number) + 0.9 * (sorted[2] as number),
        9,
      );
      expect(metrics?.['p90Ms']).toBeCloseTo(
        0.9 * (sorted[17] as number) + 0.1 * (sorted[18] as number),
        9,
      );
      expect(timing?.medianMs).toBeCloseTo(((sorted[9] as number) + (sorted[10] as number)) / 2, 9);
    }
  },
);
