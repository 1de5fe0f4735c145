import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { BridgeAddress } from '../../backends/bridge/address.ts';
import { BridgeClient } from '../../backends/bridge/client.ts';
import { BridgeBackend } from '../../backends/bridge-backend.ts';
import { readHostModel } from '../../backends/manager/host-model.ts';
import { ModelOnDevice } from '../../backends/manager/on-device.ts';
import { ModelOnHost } from '../../backends/manager/on-host.ts';
import { covers } from '../../catalog/covers.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { FOLDER } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Where packages really lie: a copy of the sources has links to them, and no Python. */
const packages = dirname(
  realpathSync(fileURLToPath(new URL('../../../node_modules/valibot', import.meta.url))),
);
const bridge = join(dirname(packages), 'bridge');
const python = join(
  bridge,
  process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python',
);

/** The bridge until its pipe ends. */
async function withBridge<T>(use: (address: BridgeAddress) => Promise<T>): Promise<T> {
  const source = fileURLToPath(new URL('../../../bridge/src', import.meta.url));
  const args = ['-m', 'gradproof_bridge', 'serve', '--announce', '--page', 'http://127.0.0.1'];
  const child = spawn(python, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONPATH: source },
  });
  const ended = once(child, 'close');
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return await use(JSON.parse(line) as BridgeAddress);
  } finally {
    child.stdin.end();
    await ended;
  }
}

test.skipIf(!existsSync(python))(
  'a model that comes from a device has the same logits in PyTorch behind the bridge, op by op',
  covers('fsdp.backend.cross-backend-model-transfer/torch-cpu-hop').control('norms have no eps', {
    file: 'src/reference/llama/model.ts',
    from: '{ eps: rms_eps }),\n      x.shape,',
    to: '{ eps: 0.1 }),\n      x.shape,',
  }),
  async () => {
    using gpu = await softwareGpu();
    const ids = hostTensorFrom(
      'i32',
      [1, 32],
      Array.from({ length: 32 }, (_, i) => (i * 7 + 3) % 40),
    );
    using onDevice = new ModelOnDevice(gpu, await readHostModel(FOLDER), 32, 'webgpu');
    const truth = valuesOf(await onDevice.logits(ids));
    const host = await onDevice.toHost();
    const actual = await withBridge(async (address) => {
      const { backends } = await new BridgeClient(address).devices();
      const device = backends.find(({ id }) => id === 'torch-cpu');
      if (!device) throw new Error('the bridge has no torch-cpu');
      using behind = new ModelOnHost(new BridgeBackend({ address, device }), host);
      return valuesOf(await behind.logits(ids));
    });
    expect(actual).toHaveLength(32 * 40);
    for (const [i, x] of truth.entries())
      expect(Math.abs((actual[i] as number) - x)).toBeLessThanOrEqual(1e-5 + 1e-3 * Math.abs(x));
  },
);
