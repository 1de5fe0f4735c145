import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { LlamaConfig } from '../../src/models/llama/config.ts';
import { Llama } from '../../src/models/llama/llama.ts';
import type { LinearAdapter } from '../../src/models/llama/lora/adapted-linear.ts';
import {
  inFloats,
  mergedWeight,
  unmergedWeight,
} from '../../src/models/llama/lora/merged-weight.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import { type DeviceWeight, roundsInputs } from '../../src/quantizer/coding.ts';
import { mergedTruth } from '../../src/reference/lora/merged.ts';
import type { Value } from '../../src/reference/record.ts';
import { type HostTensor, hostTensorFrom } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { linearsOf, weightShapes } from '../../src/testing/parity/llama/weights.ts';
import { suite } from '../../src/testing/suite.ts';
import { value } from '../quant/values.ts';
import { quantizerOf } from '../quantizer/drawn.ts';
import {
  ADAPTERS,
  type AdapterKind,
  adapterOnDevice,
  drawnAdapter,
  drawnBase,
  keptAs,
  optionsOf,
} from './merging/drawn-linear.ts';
import { BASES, type Base, storedLimits } from './merging/stored-limits.ts';

export const merging = suite('train.merging', {
  description: 'Adapters merged into bases of every format, and taken out again',
});

const KINDS = Object.keys(ADAPTERS) as readonly AdapterKind[];
const SHAPE = [24, 64] as const;

/** A factor of its own where base and update are added. */
const TWICE = (fault: FaultDeclaration) =>
  fault.host('nn.llama.mergedWeight', (original) => (tape, base, given) => {
    const { alpha } = given.adapter;
    return original(tape, base, { ...given, adapter: { ...given.adapter, alpha: 2 * alpha } });
  });

merging
  .case('weight', { base: [...BASES], adapter: [...KINDS] })
  .tier('full')
  .desc(
    'A base is merged with its adapter: the weight is W + s B A, with DoRA its rows rescaled, within the roundings of its terms; kept as the base was, each element is off by no more than the format has to; and without the adapter the base is there again, within both.',
  )
  .control('the update counts twice', TWICE)
  .run((t) => expectWeights(t, t.params.base as Base, t.params.adapter as AdapterKind));

async function expectWeights(t: CaseContext, base: Base, kind: AdapterKind): Promise<void> {
  const adapter: LinearAdapter = ADAPTERS[kind];
  const values = drawnAdapter(t.random(1), SHAPE, adapter);
  using owned = new Scope();
  const given = adapterOnDevice(t, values, adapter);
  for (const tensor of Object.values(given.tensors)) if (tensor) owned.add(tensor);
  const own = (weight: Tensor | DeviceWeight) => {
    if (isQuantized(weight)) owned.addAll(weight.parts);
    else owned.add(weight);
    return weight;
  };
  using tape = new Tape(t.gpu);
  const kept = own(keptAs(t, base, owned.add(Tensor.from(t.gpu, drawnBase(t.random(), SHAPE)))));
  const weight = value(await inFloats(tape, kept, 'fc').read());
  const hosts = Object.fromEntries(
    Object.entries(values).map(([name, host]) => [name, value(host)]),
  );
  const truth = mergedTruth({ weight, ...hosts } as Parameters<typeof mergedTruth>[0], adapter);

  const { weight: merged, factor } = mergedWeight(tape, kept, given);
  const actual = value(await merged.read());
  t.expectAccepted('merged', actual, truth.merged, { kind: 'within', bound: truth.bound });

  const back = unmergedWeight(tape, merged, given, factor);
  const unmerged = { kind: 'within', bound: truth.unmergedBound } as const;
  t.expectAccepted('unmerged', value(await back.read()), weight, unmerged);

  const stored = own(keptAs(t, base, merged));
  const decoded = inFloats(tape, stored, 'fc');
  const limits = isQuantized(stored)
    ? await storedLimits(base, actual, stored)
    : new Float64Array(actual.data.length);
  const asStored = value(await decoded.read());
  t.expectAccepted('stored', asStored, actual, { kind: 'within', bound: limits });
  t.metric('storedError', relative(asStored, actual));

  const width = SHAPE[1];
  const both = truth.unmergedBound.map(
    (bound, i) =>
      bound + (limits[i] as number) / Math.abs(truth.factors[Math.floor(i / width)] as number),
  );
  const again = value(await unmergedWeight(tape, decoded, given, factor).read());
  t.expectAccepted('unmerged from what was stored', again, weight, { kind: 'within', bound: both });
}

/** Root mean square of the difference relative to that of `b`. */
function relative(a: Value, b: Value): number {
  const squares = (of: (i: number) => number) => b.data.reduce((sum, _, i) => sum + of(i) ** 2, 0);
  const off = squares((i) => (a.data[i] as number) - (b.data[i] as number));
  return Math.sqrt(off / squares((i) => b.data[i] as number));
}

const MODEL = {
  ...{ vocab: 40, hidden: 64, intermediate: 128, layers: 2, heads: 4, kv_heads: 2 },
  ...{ rms_eps: 1e-5, rope_theta: 100 },
};
const TOKENS = 9;
/** As the catalog has it of logits of some units. */
const LOGITS = 1e-4;

merging
  .case('logits', { base: [...BASES], adapter: [...KINDS] })
  .tier('full')
  .covers('fsdp.training.save-model-merged/merged-logits')
  .timeout(60_000)
  .desc(
    'A Llama whose adapters are merged into what its base stands for gives the logits that base and adapters give, within 1e-4; where products of the base round x to codes, those that what it stands for gives with the adapters.',
  )
  .control('the update counts twice', TWICE)
  .run((t) => expectLogits(t, t.params.base as Base, ADAPTERS[t.params.adapter as AdapterKind]));

merging
  .case('own-layer')
  .tier('full')
  .covers('fsdp.training.custom-lora/merge-logits')
  .timeout(60_000)
  .desc('The same of adapters that are computed by products of their own beside those of the base.')
  .control('the update counts twice', TWICE)
  .run((t) => expectLogits(t, 'f32', { ...ADAPTERS.lora, apart: true }));

async function expectLogits(t: CaseContext, base: Base, adapter: LinearAdapter): Promise<void> {
  const random = t.random();
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of weightShapes(MODEL))
    weights.set(
      name,
      shape.length === 1
        ? hostTensorFrom(
            'f32',
            shape,
            random.fill(shape[0] as number, () => random.uniform(0.5, 1.5)),
          )
        : drawnBase(random, shape),
    );
  const trained = new Map<string, HostTensor>();
  const adapters = new Map<string, LinearAdapter>();
  for (const [module, shape] of linearsOf(MODEL)) {
    adapters.set(module, adapter);
    for (const [part, host] of Object.entries(drawnAdapter(random, shape, adapter)))
      trained.set(`${module}.${part}`, host);
  }
  const { vocab: _, ...sizes } = MODEL;
  const config: LlamaConfig = { ...sizes, length: TOKENS };
  using model = new Llama(t.gpu, config, { trained, frozen: weights, adapters });
  const options = optionsOf(base);
  const keepsHead = { rules: [{ layers: 'lm_head', to: 'keep' as const }] };
  if (options) quantizerOf(t, options).quantizeModel(model, keepsHead);
  using ids = Tensor.from(
    t.gpu,
    hostTensorFrom(
      'i32',
      [1, TOKENS],
      random.fill(TOKENS, () => random.integer(0, MODEL.vocab - 1)),
    ),
  );
  const logitsOf = async (of: Llama) => {
    using tape = new Tape(t.gpu);
    return value(await of.forward(tape, { ids }).read());
  };
  const merged = new Map(weights);
  const decoded = new Map(weights);
  let roundsX = false;
  for (const module of adapters.keys()) {
    using tape = new Tape(t.gpu);
    const part = (name: string) => model.view(`${module}.${name}`) as Tensor;
    const magnitude = adapter.use_dora ? part('magnitude') : undefined;
    const tensors = { lora_A: part('lora_A'), lora_B: part('lora_B'), magnitude };
    const kept = model.view(`${module}.weight`);
    const { weight } = mergedWeight(tape, kept, { name: module, tensors, adapter });
    merged.set(`${module}.weight`, await weight.read());
    decoded.set(`${module}.weight`, await inFloats(tape, kept, module).read());
    roundsX ||= isQuantized(kept) && roundsInputs(kept);
  }
  using plain = new Llama(t.gpu, config, { trained, frozen: decoded, adapters });
  const expected = await logitsOf(roundsX ? plain : model);
  using whole = new Llama(t.gpu, config, { trained: new Map(), frozen: merged });
  const bound = expected.data.map(() => LOGITS);
  t.expectAccepted('logits', await logitsOf(whole), expected, { kind: 'within', bound });
  if (!options) return;
  quantizerOf(t, options).quantizeModel(whole, keepsHead);
  t.metric('storedLogitsError', relative(await logitsOf(whole), expected));
}
