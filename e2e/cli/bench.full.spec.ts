import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { readReport } from '../../src/report/read.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

/** A benchmark of each kind, at least twenty batches of each. */
const FILTERS = [
  'bench.dequantize_4bit:nf4;*',
  'bench.adamw_step:*',
  'bench.scaled_dot_product_attention:f32;heads=8;tokens=128;width=64',
  'bench.mlp-step:f32;batch=64;hidden=256',
];

async function benched(folder: string) {
  const file = join(folder, 'bench.json');
  const filters = FILTERS.flatMap((filter) => ['--filter', filter]);
  const args = ['bench', '--runtime', 'node', '--samples', '20', ...filters, '--report', file];
  expect((await gradproof(args)).status).toBe(0);
  const { results } = readReport(readFileSync(file, 'utf8'), file);
  return results.filter(({ backend }) => backend === 'webgpu');
}

test(
  'bench measures dequantization, attention, AdamW and a whole step',
  covers('fsdp.performance.future-benchmarks/other-kernels').control(
    'bytes a second are not told',
    {
      file: 'src/bench/results.ts',
      from: 'gbps: moved',
      to: 'moved: moved',
    },
  ),
  async ({ folder }) => {
    const results = await benched(folder);
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
    for (const { id, timing, metrics, series } of await benched(folder)) {
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
