import { expect, test } from 'vitest';
import { report, result } from './fixtures/reports.ts';
import { readReport } from './read.ts';
import type { CaseResult } from './schema.ts';

const ID = 'bench.relu:f32;n=4';

/** Reads a bench of one time with these series. */
async function read(
  medianMs: number,
  series: CaseResult['series'],
  kind: 'bench' | 'run' = 'bench',
) {
  const timed = result({
    ...{ id: ID, status: 'pass', assertions: 1 },
    timing: {
      ...{ source: 'wall', quantumNs: 1, samples: 3, coldMs: 9 },
      ...{ medianMs, minMs: medianMs, ciMs: [medianMs, medianMs] },
    },
    ...(series ? { series } : {}),
  });
  return readReport(JSON.stringify(await report([timed], '', { kind })), 'bench.json');
}

test.each([
  [{ ms: [1, -1, 3] }, `results[0].series.ms[1]: ${ID} took -1 ms, which is no time`],
  [{ ms: [1, 2, 3], 'ms of eager': [-4] }, `results[0].series.ms of eager[0]: ${ID} took -4 ms`],
  [{ ms: [2], documentedMs: [null] }, 'results[0].series.documentedMs[0]'],
])('a bench is refused with samples %o', async (series, says) => {
  await expect(read(2, series)).rejects.toThrow(`bench.json: ${says}`);
  await expect(read(2, series, 'run')).resolves.toBeDefined();
});

test('a bench may have samples shorter than its clock, or none', async () => {
  await expect(read(2, { ms: [0, 2, 3] })).resolves.toBeDefined();
  await expect(read(2, { lossByStep: [0, -1] })).resolves.toBeDefined();
  await expect(read(2, undefined)).resolves.toBeDefined();
});
