import { referenceResults } from '../../src/backends/reference.ts';
import { float64Of, type StoredTensor } from '../../src/formats/safetensors/stored.ts';
import { packSlices, unpackSlices } from '../../src/quant/packing/row-slices.ts';
import { squareSums } from '../../src/quantizer/choosing/square-sums.ts';
import { type HostTensor, type HostTensors, valuesOf } from '../../src/tensor/host.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeResults } from '../../src/testing/judge-call.ts';
import { controlOf } from '../../src/testing/parity.ts';
import { suite } from '../../src/testing/suite.ts';
import { HQQ_META, HQQ_WORDS, type HqqBits } from '../../src/vocabulary/quant/hqq_quantize.ts';
import { signatureOf } from '../../src/vocabulary/registry.ts';
import { type Golden, goldenOf } from './goldens/golden.ts';
import { judgeGolden, oursOf } from './goldens/judged.ts';

export const hqq = suite('quant.hqq', {
  description:
    'Codes, scales and zeros in groups of 64 and 128 along both axes, beside those that HQQ gave',
});

const ROW = 'fsdp.quantization.parity-hqq';
const BITS = [8, 4, 3, 2] as const;

/** The goldens of a width. */
const namesOf = (bits: number): readonly string[] =>
  [64, 128].flatMap((group) => [0, 1].map((axis) => `hqq-${bits}-${group}-${axis}`));

/** What our kernels give, all of it, what the last pass began with among it. */
function judgedOurs(t: CaseContext, { op, params, inputs }: Golden, ours: HostTensors) {
  const call = { op: signatureOf(op), params, inputs, variant: 'groups', level: 'legal' as const };
  judgeResults(t, call, { outputs: ours, gradients: {} });
}

const numbersOf = (stored: StoredTensor | undefined) => float64Of(stored as StoredTensor);

const REVERSED = controlOf('hqq_quantize');

hqq
  .case('codes', { bits: BITS })
  .tier('full')
  .covers(`${ROW}/codes-outside-band`)
  .desc(
    'Codes of our kernels, and those of HQQ, are right by the zeros that each produced, outside the band around two codes.',
  )
  .control(REVERSED.name, REVERSED.faults)
  .run(async (t) => {
    for (const name of namesOf(t.params.bits)) await judgeGolden(t, name);
  });

hqq
  .case('scale', { bits: BITS })
  .tier('full')
  .covers(`${ROW}/scale-within-bound`)
  .desc(
    'Each scale is within its bound, as that of HQQ is, and is the same where the probe shows IEEE.',
  )
  .control('scales of a step less', (fault) =>
    fault.shader('quant/hqq_scale', 'range.top * (1.0 / span)', '(range.top - 1.0) * (1.0 / span)'),
  )
  .run(async (t) => {
    for (const name of namesOf(t.params.bits)) await judgeScales(t, name);
  });

/** Scales of a golden and of ours, within their bound, and the same where the probe shows IEEE. */
async function judgeScales(t: CaseContext, name: string): Promise<void> {
  const { golden, ours } = await judgeGolden(t, name);
  const { shape } = golden.outputs['scale'] as StoredTensor;
  const expected = { shape, data: numbersOf(golden.outputs['scale']) };
  const actual = { shape, data: valuesOf(ours['scale'] as HostTensor) };
  if (t.ieee) t.expectEqual('scale', actual, expected);
}

hqq
  .case('zero', { bits: BITS })
  .tier('full')
  .covers(`${ROW}/zero-near-mean`)
  .desc(
    'Each zero is the mean of its group that follows from the codes of the pass before, within the bound of that sum.',
  )
  .control('a mean of one element more', (fault) =>
    fault.shader('quant/hqq_refine', '/ f32(size);', '/ f32(size + 1u);'),
  )
  .run(async (t) => {
    for (const name of namesOf(t.params.bits)) await judgeZeros(t, name);
  });

/** Zeros of ours by the codes of the pass before. */
async function judgeZeros(t: CaseContext, name: string): Promise<void> {
  const golden = await goldenOf(t, name);
  const ours = await oursOf(t, golden);
  t.expect(ours['previous_zero'] !== undefined, () => `${name}: no zero of the pass before`);
  judgedOurs(t, golden, ours);
}

hqq
  .case('dequant', { bits: BITS })
  .tier('full')
  .covers(`${ROW}/dequant-within-bound`)
  .desc('What codes decode to is (code - zero) scale, within the bound of both operations.')
  .control('the zero is added', (fault) =>
    fault.shader('quant/hqq_encode', '(code - shift)', '(code + shift)'),
  )
  .run(async (t) => {
    for (const name of namesOf(t.params.bits)) {
      const golden = await goldenOf(t, name);
      judgedOurs(t, golden, await oursOf(t, golden));
    }
  });

/** How codes of a width lie in words. */
const layoutOf = (bits: number) => HQQ_WORDS[bits as HqqBits];

hqq
  .case('packing', { bits: BITS })
  .tier('full')
  .covers(`${ROW}/packing-equal`)
  .desc(
    'The words of our codes are those that the host packs of them, and of the codes of HQQ the host packs the words of HQQ.',
  )
  .control('a lowest bit wrong', (fault) =>
    fault.shader(
      'quant/hqq_pack',
      'let codes = four_codes(k * sizes.count + first);',
      'let codes = four_codes(k * sizes.count + first) ^ 1u;',
    ),
  )
  .run(async (t) => {
    const layout = layoutOf(t.params.bits);
    for (const name of namesOf(t.params.bits)) {
      const golden = await goldenOf(t, name);
      const ours = await oursOf(t, golden);
      const { shape } = golden.outputs['packed'] as StoredTensor;
      const theirs = numbersOf(golden.outputs['packed']);
      const count = theirs.length;
      const packed = (codes: Float64Array) => ({ shape, data: packSlices(codes, count, layout) });
      const actual = { shape, data: valuesOf(ours['packed'] as HostTensor) };
      t.expectEqual('packed', actual, packed(valuesOf(ours['unpacked'] as HostTensor)));
      const codes = unpackSlices(theirs, 4096, layout);
      t.expectEqual("HQQ's words", packed(codes), { shape, data: theirs });
    }
  });

const BOTH = { quant_zero: true, quant_scale: true };

/** The goldens of a width whose zeros, scales or both are codes of 8 bits in turn. */
const withMeta = (bits: number) =>
  [0, 1].flatMap((axis) =>
    (
      [
        [64, 'zero', { quant_zero: true }],
        [64, 'scale', { quant_scale: true }],
        [64, 'zero-scale', BOTH],
        [128, 'zero-scale', BOTH],
      ] as const
    ).map(([group_size, parts, meta]) => ({
      name: `hqq-${bits}-${group_size}-${axis}-${parts}`,
      params: { nbits: bits, axis, packing: layoutOf(bits).packing, group_size, ...meta },
    })),
  );

hqq
  .case('meta', { bits: [...BITS, 1] })
  .tier('full')
  .covers(`${ROW}/all-configurations`)
  .desc(
    'In groups of 64 and 128 along both axes, with zeros, scales or both in 8 bits: what our kernels give is right, as what HQQ gave is; what scales are decoded with is the same where the probe shows IEEE, and the decoded weight as near as that of HQQ.',
  )
  .control('scales share theirs in groups of 64, and zeros in two', (fault) =>
    fault.host('quant.hqq_meta', (original) => (part, count) => {
      const params = original(part, count);
      return { ...params, group_size: params.group_size / 2 };
    }),
  )
  .run(async (t) => {
    for (const { name, params } of withMeta(t.params.bits)) {
      const { golden, ours } = await judgeGolden(t, name);
      const told = JSON.stringify(sorted(golden.params));
      t.expect(told === JSON.stringify(sorted(params)), () => `${name} is of ${told}`);
      judgedOurs(t, golden, ours);
      for (const part of ['meta_scale_scale', 'meta_scale_zero'] as const) {
        const stored = golden.outputs[part];
        if (!stored || !t.ieee) continue;
        const actual = { shape: stored.shape, data: valuesOf(ours[part] as HostTensor) };
        t.expectEqual(part, actual, { shape: stored.shape, data: numbersOf(stored) });
      }
      if (golden.outputs['packed']) expectAsNear(t, golden, ours['dequant']);
    }
  });

const sorted = (params: object) => Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Scales or zeros of HQQ as they decode: from codes of 8 bits, where it quantized them in turn. */
function restoredOf({ outputs }: Golden, part: 'scale' | 'zero'): Float64Array {
  const { codes, scale, zero } = HQQ_META[part];
  if (!outputs[codes]) return numbersOf(outputs[part]);
  const scales = numbersOf(outputs[scale]);
  const zeros = numbersOf(outputs[zero]);
  // Groups are columns: one of all zeros.
  return numbersOf(outputs[codes]).map((code, i) => {
    const j = i % scales.length;
    return (code - (zeros[j] as number)) * (scales[j] as number);
  });
}

/** Mean error of what codes, scales and zeros of HQQ decode to. */
function errorOf(golden: Golden): number {
  const { params, inputs, outputs } = golden;
  const { nbits, group_size: size, axis } = params as Readonly<Record<string, number>>;
  const weight = valuesOf(inputs['weight'] as HostTensor);
  const packed = numbersOf(outputs['packed']);
  const scale = restoredOf(golden, 'scale');
  const zero = restoredOf(golden, 'zero');
  const codes = unpackSlices(packed, weight.length, layoutOf(nbits as number));
  const groupOf = (i: number) => (axis === 1 ? Math.floor(i / (size as number)) : i % scale.length);
  const decoded = codes.map((code, i) => {
    const g = groupOf(i);
    return (code - (zero[g] as number)) * (scale[g] as number);
  });
  return meanError(weight, decoded);
}

const meanError = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, x, i) => sum + Math.abs(x - (b[i] as number)), 0) / a.length;

/** That our decoded weight is as near to the weight as that of HQQ, or as one whose error is given. */
function expectAsNear(
  t: CaseContext,
  golden: Golden,
  dequant: HostTensor | undefined,
  { whose, theirs } = { whose: 'hqqs', theirs: errorOf(golden) },
): void {
  const { name } = golden;
  const weight = valuesOf(golden.inputs['weight'] as HostTensor);
  const error = meanError(weight, valuesOf(dequant as HostTensor));
  t.metric(`${name}-error-of-${whose}`, error / theirs);
  t.expect(
    Math.abs(error - theirs) <= 0.005 * theirs,
    () => `${name}: the mean error is ${error}, and that of ${whose} ${theirs}`,
  );
}

hqq
  .case('objective', { bits: BITS })
  .tier('full')
  .covers(`${ROW}/objective-half-percent`)
  .desc('The mean error of the decoded weights is within half a percent of that of HQQ.')
  .control('zeros too large by a fourth of a step', (fault) =>
    fault.shader('quant/hqq_refine', '/ f32(size);', '/ f32(size) + 0.25;'),
  )
  .run(async (t) => {
    for (const name of namesOf(t.params.bits)) {
      const golden = await goldenOf(t, name);
      const { dequant } = await oursOf(t, golden);
      expectAsNear(t, golden, dequant);
    }
  });

const LOADING = 'fsdp.backend.cpu-model-loading-with-hqq';
/** Of 256 x 256, as queries of the tiny Llama have it, by 20 passes at most. */
const PROJECTION = 'hqq-projection';

hqq
  .case('projection-codes')
  .tier('full')
  .covers(`${LOADING}/codes-outside-band`)
  .desc(
    'Codes of a projection of a tiny Llama, of our kernels and of HQQ, are right by the zeros that each produced, outside the band around two codes.',
  )
  .control(REVERSED.name, REVERSED.faults)
  .run(async (t) => {
    await judgeGolden(t, PROJECTION);
  });

hqq
  .case('projection-scale')
  .tier('full')
  .covers(`${LOADING}/scale-within-bound`)
  .desc('Its scales are within their bound, and those of HQQ where the probe shows IEEE.')
  .control('scales of a step less', (fault) =>
    fault.shader('quant/hqq_scale', 'range.top * (1.0 / span)', '(range.top - 1.0) * (1.0 / span)'),
  )
  .run((t) => judgeScales(t, PROJECTION));

hqq
  .case('projection-zero')
  .tier('full')
  .covers(`${LOADING}/zero-near-mean`)
  .desc('Its zeros are the means of their groups that follow from the codes of the pass before.')
  .control('a mean of one element more', (fault) =>
    fault.shader('quant/hqq_refine', '/ f32(size);', '/ f32(size + 1u);'),
  )
  .run((t) => judgeZeros(t, PROJECTION));

/** What a mean error of the solver is below that of plain rounding at least, as a share. */
const DROPS = { squared: 0.05, absolute: 0.03 } as const;

hqq
  .case('projection-error')
  .tier('full')
  .covers(`${LOADING}/squared-error-drop`, `${LOADING}/absolute-error-drop`)
  .desc(
    'The solver leaves a mean squared error at least 5 % below that of rounding to the nearest with the same rounding of zeros, and a mean error 3 % below.',
  )
  .control('zeros too large by a fourth of a step', (fault) =>
    fault.shader('quant/hqq_refine', '/ f32(size);', '/ f32(size) + 0.25;'),
  )
  .run(async (t) => {
    const golden = await goldenOf(t, PROJECTION);
    const solved = await oursOf(t, golden);
    const params = { ...golden.params, optimize: false };
    const plain = await oursOf(t, { ...golden, params });
    const weight = valuesOf(golden.inputs['weight'] as HostTensor);
    const errorsOf = (ours: HostTensors) => {
      const decoded = valuesOf(ours['dequant'] as HostTensor);
      return { squared: squareSums(decoded, weight).off, absolute: meanError(weight, decoded) };
    };
    const of = errorsOf(solved);
    const beside = errorsOf(plain);
    for (const kind of ['squared', 'absolute'] as const) {
      const drop = 1 - of[kind] / beside[kind];
      t.metric(`${kind}-error-drop`, drop);
      t.expect(drop >= DROPS[kind], () => `the ${kind} error is ${drop} below plain rounding`);
    }
  });

hqq
  .case('projection-objective')
  .tier('full')
  .covers(`${LOADING}/objective-half-percent`)
  .desc(
    'The mean error of its decoded weights is within half a percent of that of HQQ, and of that of the solver in float64.',
  )
  .control('zeros too large by a fourth of a step', (fault) =>
    fault.shader('quant/hqq_refine', '/ f32(size);', '/ f32(size) + 0.25;'),
  )
  .run(async (t) => {
    const golden = await goldenOf(t, PROJECTION);
    const { dequant } = await oursOf(t, golden);
    expectAsNear(t, golden, dequant);
    const { op, params, inputs } = golden;
    const { outputs } = referenceResults({ op: signatureOf(op), params, inputs });
    const weight = valuesOf(inputs['weight'] as HostTensor);
    const theirs = meanError(weight, valuesOf(outputs['dequant'] as HostTensor));
    expectAsNear(t, golden, dequant, { whose: 'the-float64-solver', theirs });
  });
