import { expect, test } from 'vitest';
import { DispatchTimer } from './dispatch-timer.ts';
import { HostDevice } from './fixtures/host-device.ts';
import { type Launch, Recorder } from './recorder.ts';

/** A clock that moves by 10 each time. */
function* clock(): Generator<bigint, bigint> {
  for (let now = 1000n; ; now += 10n) yield now;
}

function setUp(features = ['timestamp-query']) {
  const host = new HostDevice({ features, clock: clock() });
  const device = host as unknown as GPUDevice;
  const memory = { buffer: device.createBuffer({ size: 512, usage: 0x8c }), offset: 0 };
  const launch = (file: string, size: number, link?: string): Launch => ({
    shader: { file, code: '', ...(link === undefined ? {} : { link }) },
    bindings: [{ memory: memory as never, offset: 256, size }],
    workgroups: [1, 1, 1],
    flops: 1,
  });
  return { host, device, recorder: new Recorder(device, 1e9), launch };
}

test('each dispatch is stamped in a pass of its own, with its kernel and what it binds', async () => {
  const { host, device, recorder, launch } = setUp();
  using timer = new DispatchTimer(device);
  recorder.dispatch(launch('test/before', 4));
  recorder.time(timer);
  recorder.dispatch(launch('test/one', 16));
  recorder.dispatch(launch('test/two', 32, 'fours'));
  recorder.submit();
  const pipeline = { label: 'test/three', code: '', constants: {} } as never;
  const group = [] as never;
  const named = { kernel: 'test/three', bytes: 64, flops: 1 };
  recorder.replay({
    commands: [{ kind: 'dispatch', pipeline, group, workgroups: [1, 1, 1], ...named }],
    shaders: new Set(),
    news: () => [],
  });
  recorder.time(undefined);
  recorder.dispatch(launch('test/after', 4));
  recorder.submit();
  expect(await timer.read()).toEqual([
    { kernel: 'test/one', bytes: 16, begin: 1000n, end: 1010n },
    { kernel: 'test/two fours', bytes: 32, begin: 1020n, end: 1030n },
    { kernel: 'test/three', bytes: 64, begin: 1040n, end: 1050n },
  ]);
  expect(await timer.read(), 'what was read is forgotten').toEqual([]);
  expect(host.dispatches).toHaveLength(5);
  expect(recorder.dispatches).toBe(5);
});

test('what is more than a query set holds goes into another submit', async () => {
  const { device, recorder, launch } = setUp();
  using timer = new DispatchTimer(device);
  recorder.time(timer);
  for (let i = 0; i < 2050; i++) recorder.dispatch(launch('test/one', 16));
  expect(recorder.submits).toBe(1);
  recorder.submit();
  const timed = await timer.read();
  expect(timed).toHaveLength(2050);
  expect(timed.at(-1)).toMatchObject({ begin: 1000n + 10n * 4098n });
});

test('what is discarded is not told, and nothing is left behind', async () => {
  const { host, device, recorder, launch } = setUp();
  {
    using timer = new DispatchTimer(device);
    recorder.time(timer);
    recorder.dispatch(launch('test/one', 16));
    recorder.discard();
    recorder.dispatch(launch('test/two', 16));
    recorder.submit();
    const [only, ...more] = await timer.read();
    expect([only?.kernel, more]).toEqual(['test/two', []]);
    recorder.dispatch(launch('test/three', 16));
    recorder.time(undefined);
  }
  const [ours] = host.buffers;
  expect(host.querySets.map(({ isDestroyed }) => isDestroyed)).toEqual([true]);
  expect(host.liveBuffers.filter(({ usage }) => (usage & 0x201) > 0)).toEqual([]);
  expect(host.liveBuffers).toContain(ours);
});

test('a device without timestamps is refused in one line', () => {
  expect(() => new DispatchTimer(setUp([]).device)).toThrow(
    'this adapter has no timestamp-query: leave out --profile, or use another adapter',
  );
});
