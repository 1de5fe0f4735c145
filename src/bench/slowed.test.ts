import { describe, expect, test } from 'vitest';
import { covers } from '../catalog/covers.ts';
import type { CaseResult, Report } from '../report/schema.ts';
import { becameSlower } from './slowed.ts';

const ADAPTER = {
  vendor: 'v',
  architecture: 'a',
  device: 'd',
  description: 'x',
  isFallback: false,
};
const result = (ms: readonly number[], backend = 'webgpu'): CaseResult =>
  ({
    id: 'bench.matmul:f32;m=1',
    backend,
    timing: { medianMs: ms[2] },
    series: { ms },
  }) as unknown as CaseResult;
const report = (results: readonly CaseResult[], adapter = ADAPTER, cores = 2): Report =>
  ({ environments: [{ runtime: 'chromium', adapter, cores }], results }) as unknown as Report;
const times = (factor: number) => [1, 1.01, 1.02, 1.03, 1.04].map((ms) => factor * ms);

describe('what became slower', () => {
  test(
    'is named with both times',
    covers('fsdp.performance.future-benchmarks/regression-flagged').control(
      'half of all time more is not flagged',
      { file: 'src/bench/statistics/slower.ts', from: 'SLOWER_BY = 0.15', to: 'SLOWER_BY = 0.5' },
    ),
    () => {
      const { why, compared, slower } = becameSlower(
        report([result(times(1)), result(times(1), 'ort-webgpu')]),
        report([result(times(1.3)), result(times(1.1), 'ort-webgpu')]),
      );
      expect([why, compared]).toEqual([undefined, 2]);
      expect(slower).toEqual([
        {
          id: 'bench.matmul:f32;m=1',
          backend: 'webgpu',
          beforeMs: 1.02,
          afterMs: 1.3 * 1.02,
          ratio: expect.closeTo(1.3, 2),
        },
      ]);
    },
  );

  test('is told by the figures that decide, of the fastest half of both', () => {
    const slowed = [3, 4, 5, 6, 7];
    const before = report([result([...slowed, ...times(1)])]);
    const { slower } = becameSlower(before, report([result([...times(1.3), 1.5, 1.6])]));
    expect(slower).toMatchObject([
      { beforeMs: 1.02, afterMs: 1.3 * 1.02, ratio: expect.closeTo(1.3, 2) },
    ]);
  });

  test('is known as well as the fewest samples tell, and not by fewer than five', () => {
    const of = (count: number) =>
      report([result(times(1)), result([...times(1), 9].slice(0, count), 'ort-webgpu')]);
    expect(becameSlower(of(6), of(6))).toMatchObject({
      ...{ compared: 2, unjudged: 0, fewestSamples: 5 },
    });
    expect(becameSlower(of(6), of(3))).toMatchObject({
      ...{ compared: 1, unjudged: 1, fewestSamples: 5, slower: [] },
    });
    const few = report([result(times(1).slice(2))]);
    expect(becameSlower(few, few)).toMatchObject({
      ...{ why: 'nothing has 5 samples in both, and fewer tell nothing', compared: 0 },
    });
  });

  test('is not told of times that the clock was too coarse for', () => {
    const coarse = report([result([0, ...times(1)]), result(times(1), 'ort-webgpu')]);
    const after = report([result(times(9)), result(times(1), 'ort-webgpu')]);
    expect(becameSlower(coarse, after)).toMatchObject({ compared: 1, unjudged: 1, slower: [] });
  });

  test('is not what became faster', () => {
    const before = report([result(times(1.3))]);
    expect(becameSlower(before, report([result(times(1))])).slower).toEqual([]);
  });

  test('is told by the loop whose time is told', () => {
    const documented = (factor: number): CaseResult => ({
      ...result(times(factor)),
      setting: 'default, by its documented loop',
      series: { ms: times(9), documentedMs: times(factor) },
    });
    const { slower } = becameSlower(report([documented(1)]), report([documented(2)]));
    expect(slower).toMatchObject([
      { beforeMs: 1.02, afterMs: 2 * 1.02, ratio: expect.closeTo(2, 2) },
    ]);
  });

  test('is not told where the reports have nothing in common', () => {
    expect(becameSlower(report([]), report([result(times(9))]))).toEqual({
      why: 'nothing that was timed now is in the baseline',
      ...{ compared: 0, unjudged: 0, fewestSamples: 0, slower: [] },
    });
  });

  test('is not told of another adapter', () => {
    const other = report([result(times(2))], { ...ADAPTER, architecture: 'b' });
    const told = becameSlower(report([result(times(1))]), other);
    expect(told).toMatchObject({ compared: 0, slower: [] });
    expect(told.why).toContain('another adapter');
  });

  test('is not told of a processor with other cores, which mean nothing beside a GPU', () => {
    const of = (isFallback: boolean, cores: number) =>
      report([result(times(cores))], { ...ADAPTER, isFallback }, cores);
    expect(becameSlower(of(true, 1), of(true, 8))).toMatchObject({
      why: 'the baseline is of another adapter (chromium v a x on 1 core, now chromium v a x on 8 cores)',
      ...{ compared: 0, slower: [] },
    });
    expect(becameSlower(of(true, 2), of(true, 2)).compared).toBe(1);
    expect(becameSlower(of(false, 1), of(false, 8)).compared).toBe(1);
  });
});
