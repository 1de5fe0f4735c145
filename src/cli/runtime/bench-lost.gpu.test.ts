import { expect, test } from 'vitest';
import type { BenchEvent } from '../../bench/host.ts';
import { DEFAULT_BENCH_OPTIONS } from '../../bench/options.ts';
import { runSession } from '../../bench/session.ts';
import { UncapturedErrors } from '../../bench/uncaptured-errors.ts';
import { works } from '../../bench/works.ts';
import { describeNode } from '../../harness/worker/describe-node.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

/** Devices that are asked for from now on, until disposed. */
function watchDevices(): Disposable & { readonly devices: readonly GPUDevice[] } {
  const { prototype } = GPUAdapter;
  const { requestDevice } = prototype;
  const devices: GPUDevice[] = [];
  prototype.requestDevice = async function (this: GPUAdapter, ...given) {
    const device = await requestDevice.apply(this, given);
    devices.push(device);
    return device;
  };
  return {
    devices,
    [Symbol.dispose]: () => {
      prototype.requestDevice = requestDevice;
    },
  };
}

const IDS = ['bench.ceiling:dispatch', 'bench.ceiling:pass', 'bench.ceiling:submit'];

/** Times three works, on a device that is destroyed when the second begins, and then of `provider`. */
async function ranWithLoss(provider: GPU, more: Partial<GPU> = {}) {
  using watched = watchDevices();
  const events: BenchEvent[] = [];
  const gpu = { wgslLanguageFeatures: provider.wgslLanguageFeatures } as GPU;
  let requestAdapter: GPU['requestAdapter'] = (options) => provider.requestAdapter(options);
  gpu.requestAdapter = (options) => requestAdapter(options);
  const report = await runSession(
    {
      ...{ gpu, runtime: describeNode(), errors: new UncapturedErrors() },
      works: IDS.flatMap((id) => works.get(id) ?? []),
      signal: new AbortController().signal,
    },
    { ...DEFAULT_BENCH_OPTIONS, samples: 5, warmUp: 0 },
    (event) => {
      events.push(event);
      if (event.type !== 'work' || event.done !== 1) return;
      watched.devices[0]?.destroy();
      requestAdapter = more.requestAdapter ?? requestAdapter;
    },
  );
  const of = (id: string) => report.results.find((result) => result.id === id);
  return { report, end: events.at(-1), statuses: IDS.map((id) => of(id)?.status), of };
}

test('a bench whose device is lost goes on with the next work on another', async () => {
  const { report, statuses, end, of } = await ranWithLoss(await softwareProvider());
  expect([statuses, report.run.complete]).toEqual([['pass', 'lost', 'pass'], true]);
  expect(of(IDS[1] as string)?.error?.code).toBe('device-destroyed');
  expect(report.environments).toHaveLength(1);
  expect(end).toEqual({ type: 'end' });
});

test('a bench that gets no other device ends with what it timed, and says why', async () => {
  const requestAdapter = async () => null;
  const { report, statuses, end } = await ranWithLoss(await softwareProvider(), { requestAdapter });
  expect([statuses, report.run.complete]).toEqual([['pass', 'lost', undefined], false]);
  expect(end).toMatchObject({ problem: expect.stringContaining('no other device can be had') });
});
