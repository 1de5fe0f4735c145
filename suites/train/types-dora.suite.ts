import { Tape } from '../../src/autograd/tape.ts';
import { memoryTracker } from '../../src/gpu/memory-tracker.ts';
import type { Application } from '../../src/graph/call.ts';
import { startMagnitude } from '../../src/models/llama/lora/magnitudes.ts';
import { SECOND_ORDER } from '../../src/reference/bounds.ts';
import type { Acceptance, OpRecord, Value, Values } from '../../src/reference/record.ts';
import { recordOf } from '../../src/reference/registry.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { arithmeticOf } from '../../src/testing/judge-call.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { DoraLayer, type DoraType, LINEAR, SHAPE } from './llama-types/dora-layer.ts';
import { largestOf } from './llama-types/largest-of.ts';
import { attachedNorm, type DoraCall, normPart } from './llama-types/norm-gradient.ts';
import { download } from './tensors.ts';

export const typesDora = suite('train.types-dora', {
  description: 'One linear of a TinyLlama below DoRA: what it gives at first, and its gradients',
});

type Within = Acceptance & { readonly kind: 'within' };

const RECORD = recordOf('lora_linear') as OpRecord;

/** A call as records take it, and the arithmetic of its variant. */
async function asRecorded(t: CaseContext, { op, inputs, params, variant }: Application<Tensor>) {
  const read: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(inputs)) read[name] = await download(tensor);
  return { inputs: read, params, arithmetic: arithmeticOf(t, { op, variant }) };
}

for (const [type, row, base] of [
  ['hqq_dora', 'fsdp.training.type-hqq-dora', 'HQQ'],
  ['bnb_dora', 'fsdp.training.type-bnb-dora', 'NF4'],
] as const) {
  typesDora
    .case(`${type}-at-first`)
    .tier('full')
    .timeout(60_000)
    .covers(`${row}/init-output`)
    .desc(
      `With the magnitudes that the type starts from, DoRA over ${base} gives what its base gives, within the bound.`,
    )
    .control('lengths of rows are left out', (fault) =>
      fault.shader(
        'lora/dora_scale',
        'magnitude[col] / norm[col] * z[i]',
        'magnitude[col] / (1.0 + 0.0 * norm[col]) * z[i]',
      ),
    )
    .run((t) => expectBase(t, type));

  typesDora
    .case(`${type}-gradients`)
    .tier('full')
    .timeout(120_000)
    .covers(`${row}/gradients-match`, `${row}/norm-detached`, `${row}/moving-norm-disagrees`)
    .desc(
      `Gradients over ${base} are within their bounds, and are differences in float64 with the norms held; where norms move these are ten bounds off, and of what autograd adds for the norm there is nothing.`,
    )
    .control(attachedNorm.name, attachedNorm.faults)
    .run((t) => expectGradients(t, type));
}

async function expectBase(t: CaseContext, type: DoraType): Promise<void> {
  using layer = await DoraLayer.of(t, type);
  const trace: Application<Tensor>[] = [];
  using tape = layer.tape(trace);
  const { y, call } = layer.forward(tape, trace);
  const actual = await download(y);
  const { inputs, params, arithmetic } = await asRecorded(t, call);
  const { magnitude: _, ...ofBase } = inputs;
  const { y: expected } = RECORD.forward(ofBase, { ...params, use_dora: false }) as { y: Value };
  const outputs = RECORD.forward(inputs, params);
  const own = RECORD.acceptance(inputs, outputs, params, arithmetic) as Record<string, Within>;
  const norms = outputs['norm'] as Value;
  // The magnitudes are lengths that the device computed, and are off as those are.
  const share = own['norm']?.bound.map((off, o) => off / (norms.data[o] as number));
  const bound = own['y']?.bound.map(
    (off, i) =>
      off +
      Math.abs(expected.data[i] as number) *
        (share?.[i % norms.data.length] as number) *
        SECOND_ORDER,
  ) as Float64Array;
  t.expectAccepted('y', actual, expected, { kind: 'within', bound });
}

/** Entries of each tensor that are moved, and by how much to either side. */
const MOVED = 16;
const STEP = 1e-4;
/** What differences are off by themselves, of a tensor's largest. */
const OF_DIFFERENCES = 1e-6;
const PARTS = ['magnitude', 'lora_A', 'lora_B'] as const;

async function expectGradients(t: CaseContext, type: DoraType): Promise<void> {
  using layer = await DoraLayer.of(t, type);
  layer.learn(t);
  const trace: Application<Tensor>[] = [];
  using tape = layer.tape(trace);
  const { y, call } = layer.forward(tape, trace);
  const gradients = tape.backward(y, layer.dy);
  const { inputs, params, arithmetic } = await asRecorded(t, call);
  const grads = { y: await download(layer.dy) };
  const truth = RECORD.vjp?.(inputs, params, grads) as Values;
  const bounds = RECORD.vjpAcceptance?.(inputs, truth, params, grads, arithmetic) as Record<
    string,
    Within
  >;
  const actual: Record<string, Value> = {};
  for (const part of PARTS)
    actual[part] = await download(gradients.get(layer.tensors[part]) as Tensor);
  for (const part of ['lora_A', 'lora_B'])
    await expectDetached(t, layer, call, {
      ...{ part, actual: actual[part] as Value, truth: truth[part] as Value },
      bound: bounds[part]?.bound as Float64Array,
    });
  for (const part of PARTS) {
    const expected = truth[part] as Value;
    t.expectAccepted(part, actual[part] as Value, expected, bounds[part] as Within);
    const places = largestOf(expected, MOVED);
    const found = places.map((at) => actual[part]?.data[at] as number);
    const limits = places.map((at) => bounds[part]?.bound[at] as number);
    const held = differences(inputs, part, places, (moved) =>
      total(RECORD.forwardDetached?.(moved, params, inputs) as Values, grads.y),
    );
    const largest = Math.abs(expected.data[places[0] as number] as number);
    const bound = Float64Array.from(limits, (limit) => limit + OF_DIFFERENCES * largest);
    const shape = [MOVED];
    const of = (numbers: readonly number[]) => ({ shape, data: Float64Array.from(numbers) });
    t.expectAccepted(`differences along ${part}`, of(found), of(held), { kind: 'within', bound });
    if (part === 'magnitude') continue; // no norm moves with it
    const moving = differences(inputs, part, places, (moved) =>
      total(RECORD.forward(moved, params), grads.y),
    );
    const apart = Math.max(
      ...moving.map((slope, i) => Math.abs(slope - (found[i] as number)) / (limits[i] as number)),
    );
    t.metric(`${part}.boundsApart`, apart);
    t.expect(apart >= 10, () => `norms that move change ${part} by ${apart} bounds`);
  }
  await judgeApplications(t, 0, trace);
}

/**
 * Holds the share of autograd's part for the norm that a gradient has against 0; with the whole part
 * it is 1.
 */
async function expectDetached(
  t: CaseContext,
  layer: DoraLayer,
  call: Application<Tensor>,
  {
    part,
    actual,
    truth,
    bound,
  }: { part: string; actual: Value; truth: Value; bound: Float64Array },
): Promise<void> {
  const { lora_A, lora_B } = layer.tensors;
  using tape = new Tape(t.gpu, [lora_A, lora_B]);
  const { inputs, params, outputs } = call;
  const seen = { inputs, params, outputs, grads: { y: layer.dy } } as unknown as DoraCall;
  const ofNorm = await download(normPart(tape, seen)[part] as Tensor);
  const dot = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  const size = dot(ofNorm.data, ofNorm.data);
  const off = actual.data.map((x, i) => x - (truth.data[i] as number));
  const share = dot(off, ofNorm.data) / size;
  const most = dot(bound, ofNorm.data.map(Math.abs)) / size;
  t.metric(`${part}.shareOfNorm`, share);
  t.expect(most < 0.1, () => `the bounds of ${part} would hide ${most} of the norm's part`);
  t.expect(Math.abs(share) <= most, () => `${part} has ${share} of the norm's part`);
}

/** Central differences of `loss` along entries of one input. */
function differences(
  inputs: Values,
  part: string,
  places: readonly number[],
  loss: (moved: Values) => number,
): readonly number[] {
  const value = inputs[part] as Value;
  return places.map((at) => {
    const slope = [STEP, -STEP].map((by) => {
      const data = value.data.slice();
      data[at] = (data[at] as number) + by;
      return loss({ ...inputs, [part]: { ...value, data } });
    });
    return ((slope[0] as number) - (slope[1] as number)) / (2 * STEP);
  });
}

/** The sum of y dy, whose gradients are those of dy. */
const total = (outputs: Values, dy: Value): number =>
  (outputs['y'] as Value).data.reduce((sum, x, i) => sum + x * (dy.data[i] as number), 0);

/** Bytes of the weight in floats. */
const WHOLE = 4 * sizeOf(SHAPE);

typesDora
  .case('in-the-same-pass')
  .tier('full')
  .timeout(60_000)
  .covers('fsdp.training.type-bnb-dora/norm-in-kernel')
  .desc(
    'Magnitudes, forward and backward of DoRA over NF4 take the lengths of rows from the codes: no buffer of the weight in floats is ever there.',
  )
  .control('the base is decoded first', (fault) =>
    fault.host(
      'nn.llama.adapterBase',
      () => (_tape: Tape, layers: { weight: (name: string) => Tensor }, name: string) =>
        layers.weight(name),
    ),
  )
  .run(async (t) => {
    using layer = await DoraLayer.of(t, 'bnb_dora');
    const { lora_A, lora_B } = layer.tensors;
    const adapter = { lora_A: await lora_A.read(), lora_B: await lora_B.read() };
    t.gpu.recorder.dispatched.clear();
    const tracker = memoryTracker(t.gpu);
    {
      await using _end = tracker;
      await startMagnitude(layer.weight, adapter, LINEAR);
      const trace: Application<Tensor>[] = [];
      using tape = layer.tape(trace);
      const { y } = layer.forward(tape, trace);
      tape.backward(y, layer.dy);
    }
    const { totalUsedBytes: used } = tracker.stats;
    t.metric('bytesBeside', used);
    t.metric('bytesOfWeight', WHOLE);
    t.expect(used < WHOLE, () => `${used} bytes are used beside, and the weight takes ${WHOLE}`);
    const kernels = [...t.gpu.recorder.dispatched];
    const norms = kernels.filter((name) => name.startsWith('lora/dora_norm'));
    t.expect(norms.join() === 'lora/dora_norm_quantized', () => `norms are of ${norms}`);
    const decoding = kernels.filter((name) => name.includes('dequantize'));
    t.expect(decoding.length === 0, () => `${decoding} decoded the weight`);
  });
