import { expect, test } from 'vitest';
import type { TimeFigure } from '../../report/compare/range.ts';
import type { Snapshot } from '../../report/compare/snapshot.ts';
import type { CaseResult } from '../../report/schema.ts';
import { pairsOfDevices, pairsOfResults } from './speed-pairs.ts';

const time = (medianMs: number, source: TimeFigure['source'] = 'timestamp'): TimeFigure => ({
  medianMs,
  source,
  range: { low: medianMs / 2, high: medianMs * 2 },
});
const snapshot = (times: Record<string, TimeFigure | undefined>) =>
  ({
    cases: new Map(Object.entries(times).map(([id, figure]) => [id, { id, time: figure }])),
  }) as unknown as Snapshot;

test('pairs the timings of both results, the largest difference first', () => {
  const before = snapshot({
    a: time(10),
    b: time(8),
    clock: time(1),
    once: time(1),
    bare: { ...time(1), range: undefined },
  });
  const after = snapshot({
    a: time(11),
    b: time(2),
    clock: time(1, 'wall'),
    once: undefined,
    bare: time(1),
  });
  expect(pairsOfResults(before, after)).toEqual([
    {
      name: 'b',
      first: { medianMs: 8, lowMs: 4, highMs: 16 },
      second: { medianMs: 2, lowMs: 1, highMs: 4 },
    },
    {
      name: 'a',
      first: { medianMs: 10, lowMs: 5, highMs: 20 },
      second: { medianMs: 11, lowMs: 5.5, highMs: 22 },
    },
  ]);
});

const live = (
  suite: string,
  bridgeMs: number,
  oursMs: number,
  status = 'pass',
  backend = 'bridge-torch-cpu',
) => ({ suite, backend, status, metrics: { bridgeMs, oursMs } }) as unknown as CaseResult;

test('sums up the cases of an op on a device; what is wrong, or ours alone, has no time', () => {
  const results = [
    ...[live('ops.nn.silu', 3, 30), live('ops.nn.silu', 1, 10), live('ops.nn.silu', 2, 50)],
    ...[
      live('ops.nn.silu', 9, 9, 'fail'),
      live('ops.nn.silu', 9, 9, 'pass', 'webgpu'),
      live('ops.math.add', 1, 2, 'pass', 'bridge-mlx'),
    ],
  ];
  expect([...pairsOfDevices(results)]).toEqual([
    [
      'bridge-torch-cpu',
      [
        {
          name: 'silu',
          first: { medianMs: 2, lowMs: 1, highMs: 3 },
          second: { medianMs: 30, lowMs: 10, highMs: 50 },
        },
      ],
    ],
    [
      'bridge-mlx',
      [
        {
          name: 'add',
          first: { medianMs: 1, lowMs: 1, highMs: 1 },
          second: { medianMs: 2, lowMs: 2, highMs: 2 },
        },
      ],
    ],
  ]);
});
