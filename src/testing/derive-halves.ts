import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Results } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { chooseVariant } from '../ops/variants.ts';
import { type OpRecord, type Sample, specOf } from '../reference/record.ts';
import { isHalf } from '../tensor/dtype.ts';
import { type HostTensor, type HostTensors, hostTensorFrom, valuesOf } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { sizeOf } from '../tensor/shape.ts';
import { dequantizations } from '../vocabulary/quant/dequantize.ts';
import { signatureOf } from '../vocabulary/registry.ts';
import type { CaseContext } from './context.ts';
import { judgeResults } from './judge-call.ts';
import { type SuiteBuilder, SuiteError } from './suite.ts';

/** A larger sample would take longer and show no more of the storage. */
const MOST_ELEMENTS = 4096;

type Half = 'f16' | 'bf16';

/**
 * Adds the cases `half;storage=...` of an op to its suite: one of the record's samples with all
 * floats stored in f16 or bf16, outputs and gradients judged from the rounded inputs by the
 * record's bound and one rounding of the format. Ops whose record lists the formats have samples of
 * their own, ops that read the words of floats have no use for others, and a trajectory in halves
 * has no bound.
 */
export function declareHalves(suite: SuiteBuilder, record: OpRecord): void {
  const specs = Object.values(record.inputs);
  const hasFloats = specs.some(({ dtypes }) => dtypes.includes('f32'));
  const isOwn = specs.some(
    ({ dtypes }) => dtypes.some(isHalf) || (dtypes.includes('f32') && dtypes.includes('u32')),
  );
  if (!hasFloats || isOwn || record.forwardFrom) return;
  suite
    .case('half', { storage: ['f16', 'bf16'] })
    .desc(
      `${record.summary}, stored in halves: within the bound of float32 on the rounded inputs, and one rounding of the format.`,
    )
    .control('halves read as float32', (fault) => fault.host('storage.read', () => () => 0))
    .run((t) => runHalf(t, record, t.params['storage'] as Half));
}

async function runHalf(t: CaseContext, record: OpRecord, dtype: Half): Promise<void> {
  const { params, level, inputs, grads } = sampleFor(t.random(), record, dtype);
  const op = launchers.get(record.name);
  if (!op) throw new SuiteError(`${record.name} has no launcher`);
  const variant = chooseVariant(t.gpu, op.variants, inputs);
  const wants = Object.keys(inputs).filter((name) => specOf(record.inputs, name)?.differentiable);
  t.gpu.memory.guarded = true;
  const forward = { op: signatureOf(record.name), params, inputs, variant };
  const call = grads ? { ...forward, grads, wants } : forward;
  const results = await new WebGpuBackend(t.gpu).run(call);
  expectStored(t, record, results, dtype);
  judgeResults(t, { ...forward, level }, results);
  if (grads) judgeResults(t, { ...call, level }, results);
}

/**
 * Outputs that are float32 whatever the inputs are stored in: scales, what is decoded by scales
 * alone, what only a backward pass reads.
 */
const ALWAYS_FLOAT32: readonly string[] = [
  'quantize_blockwise.absmax',
  ...Array.from(dequantizations.keys(), (op) => `${op}.y`),
  'lora_linear.xa',
];

/**
 * Demands outputs in the one format of all operands, as torch promotes them, and gradients in that
 * of their inputs.
 */
function expectStored(
  t: CaseContext,
  { name: op, outputs }: OpRecord,
  results: Results<HostTensor>,
  dtype: Half,
): void {
  const floats = Object.entries(results.outputs).filter(
    ([name]) =>
      specOf(outputs, name)?.dtypes.includes('f32') && !ALWAYS_FLOAT32.includes(`${op}.${name}`),
  );
  for (const [name, host] of [...floats, ...Object.entries(results.gradients)]) {
    t.expect(
      host.dtype === dtype,
      () => `${name} is stored in ${host.dtype} and should be in ${dtype}`,
    );
  }
}

/** A sample with its tensors in halves. */
interface HalfSample {
  readonly params: object;
  readonly level: Sample<object>['level'];
  readonly inputs: HostTensors;
  readonly grads?: HostTensors;
}

/**
 * The best sample whose values the format holds: one with gradients rather than without, then one
 * of floats rather than of integers, then the largest.
 */
function sampleFor(random: Random, record: OpRecord, dtype: Half): HalfSample {
  const drawn = record.samples
    .filter(({ tier = 'quick' }) => tier === 'quick')
    .map(({ params, level, inputs, grads }) => {
      const stored = { params, level, inputs: inHalves(inputs(random), dtype) };
      return record.vjp && grads ? { ...stored, grads: inHalves(grads(random), dtype) } : stored;
    })
    .filter(isJudged);
  const rank = (sample: HalfSample) =>
    Number('grads' in sample) * 2 +
    Number(sample.level === 'legal') +
    elementsOf(sample) / (2 * MOST_ELEMENTS);
  const [best] = drawn.sort((a, b) => rank(b) - rank(a));
  if (!best)
    throw new SuiteError(
      `${record.name} has no quick sample of at most ${MOST_ELEMENTS} elements that ${dtype} can hold`,
    );
  return best;
}

function isJudged(sample: HalfSample): boolean {
  const elements = elementsOf(sample);
  const finite = Object.values(sample.inputs).every((host) =>
    valuesOf(host).every(Number.isFinite),
  );
  const stored = Object.values(sample.inputs).some((host) => isHalf(host.dtype));
  return finite && stored && elements > 0 && elements <= MOST_ELEMENTS;
}

function elementsOf({ inputs }: HalfSample): number {
  return Object.values(inputs).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function inHalves(hosts: HostTensors, dtype: Half): HostTensors {
  const store = (host: HostTensor) =>
    host.dtype === 'f32' ? hostTensorFrom(dtype, host.shape, host.data) : host;
  return Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, store(host)]));
}
