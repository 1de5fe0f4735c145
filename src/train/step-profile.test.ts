import { expect, test } from 'vitest';
import { hostGpu } from '../gpu/fixtures/host-gpu.ts';
import { StepProfile } from './step-profile.ts';

const SHADER = {
  file: 'test/fill',
  code: '@binding(0) var<storage, read_write> y: array<u32>;',
};

/** Steps of two dispatches each, on a device whose clock moves by `ticks` in turn. */
async function profiled(
  steps: number,
  ticks: readonly bigint[],
  { features = ['timestamp-query'], most }: { features?: string[]; most?: number } = {},
) {
  function* clock(): Generator<bigint, bigint> {
    for (let i = 0, now = 5_000_000n; ; i++) {
      yield now;
      now += ticks[i % ticks.length] as bigint;
    }
  }
  const { gpu } = await hostGpu({ features, clock: clock() });
  using profile = new StepProfile(gpu, most);
  const y = gpu.allocate(16);
  const bindings = [{ memory: y, offset: 0, size: 16 }];
  for (let step = 1; step <= steps; step++) {
    profile.begin(step);
    for (let i = 0; i < 2; i++) gpu.dispatch({ shader: SHADER, bindings, workgroups: [1, 1, 1] });
    await profile.end();
    gpu.dispatch({ shader: SHADER, bindings, workgroups: [1, 1, 1] });
    gpu.submit();
  }
  return JSON.parse(new TextDecoder().decode(profile.file().data));
}

test('dispatches of steps are events, in microseconds since the first', async () => {
  // What begins takes 1.5 us, and the next begins 4 us later.
  const { traceEvents, otherData, displayTimeUnit } = await profiled(2, [1500n, 4000n]);
  const dispatch = (step: number, ts: number) => ({
    ...{ ph: 'X', pid: 1, tid: 2, ts, dur: 1.5, name: 'test/fill', cat: 'test' },
    args: { kernel: 'test/fill', bytes: 16, step },
  });
  const whole = (step: number, ts: number) => ({
    ...{ ph: 'X', pid: 1, tid: 1, ts, dur: 7, name: `step ${step}`, cat: 'step' },
  });
  expect(traceEvents.slice(3)).toEqual([
    ...[whole(1, 0), dispatch(1, 0), dispatch(1, 5.5)],
    ...[whole(2, 11), dispatch(2, 11), dispatch(2, 16.5)],
  ]);
  expect(traceEvents.slice(0, 3)).toEqual([
    { ph: 'M', pid: 1, tid: 1, name: 'process_name', args: { name: 'desc' } },
    { ph: 'M', pid: 1, tid: 1, name: 'thread_name', args: { name: 'steps' } },
    { ph: 'M', pid: 1, tid: 2, name: 'thread_name', args: { name: 'dispatches' } },
  ]);
  expect([otherData, displayTimeUnit]).toEqual([
    { adapter: 'desc', clock: 'timestamp-query', quantumNs: 500, steps: 2, dispatches: 4 },
    'ns',
  ]);
});

test('no step is begun once there are enough dispatches, and none is cut', async () => {
  const { otherData, traceEvents } = await profiled(5, [10n], { most: 3 });
  expect(otherData).toMatchObject({ steps: 2, dispatches: 4 });
  expect(traceEvents).toHaveLength(3 + 2 + 4);
});

test('a training without a step leaves a trace without events', async () => {
  const { otherData, traceEvents } = await profiled(0, [10n]);
  expect([otherData.steps, traceEvents.length]).toEqual([0, 3]);
});

test('stamps that run backwards and adapters without any are refused in one line', async () => {
  const backwards = [10n, -10n, 10n];
  await expect(profiled(1, backwards)).rejects.toThrow(
    'the timestamps of this adapter run backwards: leave out --profile',
  );
  await expect(profiled(1, [10n], { features: [] })).rejects.toThrow(
    'this adapter has no timestamp-query: leave out --profile',
  );
});
