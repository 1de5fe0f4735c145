import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import { linkedKernels } from '../../gpu/fixtures/linked-kernels.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { type Probe, probe } from '../../gpu/probe.ts';
import { launchers } from '../../ops/registry.ts';
import { drawSample } from '../../reference/drawn.ts';
import type { OpRecord, Sample, Values } from '../../reference/record.ts';
import { records } from '../../reference/registry.ts';
import { simulations } from '../../reference/simulation/registry.ts';
import { SimulatedGpu } from '../../reference/simulation/simulated-gpu.ts';
import type { Simulation } from '../../reference/simulation/simulation.ts';
import { type DType, isHalf } from '../../tensor/dtype.ts';
import { heldAs } from '../../tensor/half.ts';
import { type HostTensors, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { signatureOf } from '../../vocabulary/registry.ts';
import { softwareProvider } from './fixtures/software-gpu.ts';

/**
 * The simulations that prove the bounds compute what the kernels compute, in their order: on an
 * adapter that rounds to nearest and fuses nothing they give its very bits. Runs on npm webgpu with
 * a browser's SwiftShader.
 */

let provider: GPU;
let gpu: Gpu;
let found: Probe;

beforeAll(async () => {
  provider = await softwareProvider();
  gpu = await Gpu.request(provider);
  found = await probe(gpu);
});
afterAll(() => gpu[Symbol.dispose]());

/** What an adapter computes in its own way. */
const OWN = /\b(exp|log|inverseSqrt|sin|cos)\(/;

const ownKernels = new Set(
  (await linkedKernels()).flatMap(({ file, code }) => (OWN.test(code) ? [file] : [])),
);

/** Its kernel cuts angles off in integers, where the simulation rounds them. */
const CUT_OFF = 'rotary_embedding';

/** Its products are of the variant that suits the adapter, which add up in an order of their own. */
const OWN_ORDER = 'muon';

/** Divides zeros by a scale of 0 where all of x is zeros, and any code may come of that. */
const DIVIDES_ZEROS = 'quanto_linear';

/** Ops whose kernels call none of it; a map of the host has no kernel. */
const exact = [...simulations].filter(([name]) => {
  if (name === CUT_OFF) return false;
  const kernels = Object.values(launchers.get(name)?.variants ?? {}).flatMap(
    (variant) => variant.kernels,
  );
  return kernels.length > 0 && !kernels.some((kernel) => ownKernels.has(kernel));
});

test('most simulations predict the exact bits', () => {
  expect(exact.length).toBeGreaterThan(simulations.size / 2);
});

test.each(exact)(
  '%s has the bits of the adapter',
  { timeout: 120_000 },
  async (name, simulation) => {
    expect(found).toMatchObject({
      rounding: 'nearest',
      contraction: 'none',
      exactDivision: true,
      exactSqrt: true,
    });
    const record = records.get(name) as OpRecord;
    const samples = record.samples.filter(
      ({ level, tier, label }) =>
        level === 'legal' &&
        !tier &&
        label['optimizer'] !== OWN_ORDER &&
        !(name === DIVIDES_ZEROS && label['values'] === 'zeros'),
    );
    for (const sample of samples) {
      for (const variant of sample.variants ?? Object.keys(launchers.get(name)?.variants ?? {})) {
        const actual = await onAdapter(record, sample, variant);
        const simulated = onSimulation(record, simulation, sample, variant);
        for (const [result, { data }] of Object.entries(simulated)) {
          const { dtype, values } = actual[result] as Stored;
          const stored = isHalf(dtype) ? data.map((x) => heldAs(dtype, x)) : data;
          expect(values, `${result}, ${variant}, ${JSON.stringify(sample.label)}`).toEqual(stored);
        }
      }
    }
  },
);

const prefixed = <T>(results: Readonly<Record<string, T>>) =>
  Object.fromEntries(
    Object.entries(results).map(([name, value]) => [`gradient of ${name}`, value]),
  );

/** Numbers without signs of zero, and how they are stored. */
interface Stored {
  readonly dtype: DType;
  readonly values: Float64Array;
}

/** Outputs and gradients. */
async function onAdapter(
  record: OpRecord,
  sample: Sample<object>,
  variant: string,
): Promise<Record<string, Stored>> {
  const random = new Random(0);
  const inputs = sample.inputs(random);
  const grads = record.vjp && sample.grads?.(random);
  const wants = Object.keys(inputs).filter((name) => record.inputs[name]?.differentiable);
  const call = {
    op: signatureOf(record.name),
    params: sample.params,
    inputs,
    variant,
    ...(grads ? { grads, wants } : {}),
  };
  const { outputs, gradients } = await new WebGpuBackend(gpu).run(call);
  const read = (tensors: HostTensors) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]): [string, Stored] => [
        name,
        { dtype: tensor.dtype, values: valuesOf(tensor).map(unsigned) },
      ]),
    );
  return { ...read(outputs), ...prefixed(read(gradients)) };
}

function onSimulation(
  record: OpRecord,
  simulation: Simulation,
  sample: Sample<object>,
  variant: string,
): Values {
  const { inputs, grads } = drawSample(sample);
  const flush = found.denormals !== 'kept';
  const simulated = new SimulatedGpu({ rounding: 'nearest', contraction: false, flush }, 0);
  const outputs = simulation.forward(simulated, inputs, sample.params, variant);
  const gradients =
    record.vjp && grads
      ? (simulation.backward?.(simulated, inputs, sample.params, grads, variant) ?? {})
      : {};
  const all: Values = { ...outputs, ...prefixed(gradients) };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [
      name,
      { ...value, data: value.data.map(unsigned) },
    ]),
  );
}

const unsigned = (x: number) => (x === 0 ? 0 : x);
