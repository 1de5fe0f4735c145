import { WebGpuBackend } from '../backends/webgpu.ts';
import type { Results } from '../graph/call.ts';
import { launchers } from '../ops/registry.ts';
import { chooseVariant } from '../ops/variants.ts';
import { type OpRecord, specOf } from '../reference/record.ts';
import { isHalf } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host.ts';
import { dequantizations } from '../vocabulary/quant/dequantize.ts';
import { signatureOf } from '../vocabulary/registry.ts';
import type { CaseContext } from './context.ts';
import type { FaultDeclaration } from './fault.ts';
import { type Half, halfSampleOf } from './half-sample.ts';
import { judgeResults } from './judge-call.ts';
import { type SuiteBuilder, SuiteError } from './suite.ts';

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
  for (const storage of ['f16', 'bf16'] as const)
    suite
      .case('half', { storage: [storage] })
      .desc(
        `${record.summary}, stored in halves: within the bound of float32 on the rounded inputs, and one rounding of the format.`,
      )
      .tier(QUICK[storage].has(record.name) ? 'quick' : 'full')
      .control('halves read as float32', readHalvesAsFloat32)
      .run((t) => runHalf(t, record, t.params['storage'] as Half));
}

/**
 * Ops of every kind of kernel: elements, rows, sums, products, windows, tables, codes, and what rounds
 * its steps to halves. Each kernel reads halves by the same rewritten text, and is compiled once more
 * for it; f16 stands where a kernel treats it in another way than bf16.
 */
const QUICK: Readonly<Record<Half, ReadonlySet<string>>> = {
  f16: new Set(['quantize_nbits']),
  bf16: new Set([
    'add',
    'silu',
    'reduce_sum',
    'softmax',
    'rms_norm',
    'layer_norm',
    'cross_entropy',
    'conv2d',
    'embedding',
    'concat',
    'quantize_blockwise',
    'quanto_quantize',
  ]),
};

/** Faults of all who read halves: casts and products, and every other kernel. */
export function readHalvesAsFloat32(fault: FaultDeclaration): void {
  fault.host('storage.read', () => () => 0);
  fault.host('gpu.reading_halves', () => (launch) => launch);
}

async function runHalf(t: CaseContext, record: OpRecord, dtype: Half): Promise<void> {
  const { params, level, inputs, grads } = halfSampleOf(record, dtype, t.random());
  const op = launchers.get(record.name);
  if (!op) throw new SuiteError(`${record.name} has no launcher`);
  const variant = chooseVariant(t.gpu, op, inputs);
  const wants = Object.keys(inputs).filter((name) => specOf(record.inputs, name)?.differentiable);
  t.gpu.memory.guarded = true;
  const forward = { op: signatureOf(record.name), params, inputs, variant, level };
  const call = { ...forward, ...(grads ? { grads, wants } : {}) };
  const results = await new WebGpuBackend(t.gpu).run(call);
  expectStored(t, record, results, dtype);
  judgeResults(t, forward, results);
  if (grads) judgeResults(t, call, results);
}

/**
 * Outputs that are float32 whatever the inputs are stored in: scales, what is decoded by scales
 * alone, what only a backward pass reads.
 */
const ALWAYS_FLOAT32: readonly string[] = [
  'quantize_blockwise.absmax',
  ...Array.from(dequantizations.keys(), (op) => `${op}.y`),
  'lora_linear.xa',
  'linear_8bit_lt.weight_stats',
  'linear_8bit_lt.row_stats',
  'matmul_8bit_lt.row_stats',
  'bitnet_linear.row_stats',
  'minmax_observer.min_val',
  'minmax_observer.max_val',
  'quanto_calibrate.input_scale',
  'calculate_qparams.scale',
  'sparse_ternarize.threshold',
  'int8_linear.y',
  'mse_observer.min_val',
  'mse_observer.max_val',
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
