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
const report = (results: readonly CaseResult[], adapter = ADAPTER): Report =>
  ({ environments: [{ runtime: 'chromium', adapter }], results }) as unknown as Report;
const times = (factor: number) => [1, 1.01, 1.02, 1.03, 1.04].map((ms) => factor * ms);

describe('what became slower', () => {
  test(
    'is named with both times',
    covers('fsdp.performance.future-benchmarks/regression-flagged').control(
      'half of all time more is not flagged',
      { file: 'src/bench/self-test.ts', from: 'SLOWER_BY = 0.15', to: 'SLOWER_BY = 0.5' },
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

  test('is known as well as the fewest samples tell', () => {
    const now = report([result(times(1)), result(times(1).slice(1), 'ort-webgpu')]);
    expect(becameSlower(report([result(times(1))]), now).fewestSamples).toBe(5);
    expect(becameSlower(now, now).fewestSamples).toBe(4);
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
      ...{ compared: 0, fewestSamples: 0, slower: [] },
    });
  });

  test('is not told of another adapter', () => {
    const other = report([result(times(2))], { ...ADAPTER, architecture: 'b' });
    const told = becameSlower(report([result(times(1))]), other);
    expect(told).toMatchObject({ compared: 0, slower: [] });
    expect(told.why).toContain('another adapter');
  });
});
