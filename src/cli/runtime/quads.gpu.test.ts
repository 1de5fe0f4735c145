import { beforeAll, expect, test } from 'vitest';
import { Gpu } from '../../gpu/gpu.ts';
import { probe } from '../../gpu/probe.ts';
import { matmul } from '../../ops/matmul/matmul.ts';
import { productWith } from '../../ops/matmul/matmul_quantized.ts';
import { chooseVariant } from '../../ops/variants.ts';
import { format as nf4 } from '../../quant/nf4/format.ts';
import { changed, withAdapter } from './fixtures/changed-adapter.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

/** Kernels that share in quads are for adapters whose quads are neighbours. */

let provider: GPU;

beforeAll(async () => {
  provider = await softwareProvider();
});

/**
 * The same adapter with two lanes of each quad in each other's place: every quadBroadcast of one
 * gives the other's value.
 */
function swapping(gpu: GPU): GPU {
  return withAdapter(gpu, (adapter) =>
    changed(adapter, 'requestDevice', async (descriptor: GPUDeviceDescriptor) => {
      const device = await adapter.requestDevice(descriptor);
      const make = device.createShaderModule.bind(device);
      device.createShaderModule = ({ code, ...rest }) =>
        make({
          ...rest,
          code: code.replace(
            /(quadBroadcast\(\w+, )([12])u/g,
            (_, call, lane) => `${call}${3 - Number(lane)}u`,
          ),
        });
      return device;
    }),
  );
}

const variantsOf = (gpu: Gpu) => [chooseVariant(gpu, matmul), chooseVariant(gpu, productWith(nf4))];

test('quads of neighbours are used', async () => {
  using gpu = await Gpu.request(provider);
  expect(gpu.features.has('subgroups')).toBe(true);
  expect(variantsOf(gpu)).toEqual(['subgroup', 'subgroup']);
  expect(gpu.memory.ledger).toMatchObject({ liveBuffers: 0 });
  expect(await probe(gpu)).toMatchObject({ quads: 'neighbours', subgroupSize: 4 });
});

test('other quads are not, nor on further devices of the adapter', async () => {
  using gpu = await Gpu.request(swapping(provider));
  expect(gpu.features.has('subgroups')).toBe(false);
  expect(variantsOf(gpu)).not.toContain('subgroup');
  expect(await probe(gpu)).toMatchObject({ quads: 'scattered', subgroupSize: null });
  using fresh = await gpu.fresh();
  expect(fresh.features.has('subgroups')).toBe(false);
  expect(fresh.quads).toBe('scattered');
});
