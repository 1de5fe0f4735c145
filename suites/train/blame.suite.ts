import { fingerprint } from '../../src/ops/bits/fingerprint.ts';
import type { RecordFault } from '../../src/reference/record.ts';
import { records } from '../../src/reference/registry.ts';
import { seam } from '../../src/seam.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { coordinatesOf, type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { causeOf } from '../../src/testing/cause.ts';
import { AssertionError, CaseContext, newEvidence } from '../../src/testing/context.ts';
import { Diagnostics } from '../../src/testing/diagnosis.ts';
import { type Breakable, type FaultInjector, faultsOf } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { trainAndJudge } from '../../src/testing/training.ts';
import type { TrainingConfig } from '../../src/train/config.ts';
import { ALPHABET, SMALL } from './small.ts';
import { uniformText } from './texts.ts';

export const blameSuite = suite('train.blame', {
  description:
    'A fine-tuning run with one thing broken: the op, layer, step and element that are named',
});

/**
 * Two steps, both judged: in the first lora_B is zero, and what it is multiplied with does not
 * show.
 */
const SHORT: TrainingConfig = {
  ...SMALL,
  steps: 2,
  judgeEvery: 1,
  lossEvery: 1,
  sampleBytes: 2,
  heldoutBytes: 64,
  frozenSteps: 1,
};

/** Steps 1, 5 and 10 are judged; the others leave nothing but their fingerprints. */
const SELDOM_JUDGED: TrainingConfig = { ...SMALL, steps: 12, judgeEvery: 5, lossEvery: 4 };

/** How a run ended. */
interface Ending {
  readonly code: string;
  readonly message: string;
  readonly index: string;
  readonly actual: number | null | undefined;
  readonly fault: string;
  /** The message about the parts of a composite op. */
  readonly part: string;
}

/** Fine-tunes on the device of the case, as the main job does, and says how that ended. */
async function ending(t: CaseContext, config: TrainingConfig): Promise<Ending> {
  const evidence = newEvidence();
  try {
    await trainAndJudge(new CaseContext(t, {}, evidence), uniformText(t.seed, 8192, ALPHABET), {
      ...config,
      seed: t.seed,
    });
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    const { code, message, at } = error;
    const index = at?.index ?? [];
    const diagnosis =
      evidence.failedCall &&
      (await new Diagnostics(20_000).diagnose(t.gpu, evidence.failedCall, {
        index,
        ieee: t.ieee,
        until: Number.POSITIVE_INFINITY,
      }));
    const reruns = diagnosis?.reruns ?? evidence.reruns;
    const fault = causeOf({ code, ...(reruns ? { reruns } : {}) }) ?? 'undecided';
    t.expect(true, () => '');
    return {
      code,
      message,
      index: index.join(),
      actual: at?.actual,
      fault,
      part: diagnosis?.part ?? '',
    };
  }
  return {
    code: 'none',
    message: 'the run passed',
    index: '',
    actual: undefined,
    fault: 'none',
    part: '',
  };
}

/** A kernel of the byte model: how it is broken, in every variant, and what must be named then. */
interface Kernel {
  readonly name: string;
  readonly faults: readonly RecordFault[];
  readonly named: string;
  /** The beginning of the message about the parts of a composite op. */
  readonly part?: string;
}

const recordFaults = (
  record: string,
  direction: 'forward' | 'backward' = 'forward',
): readonly RecordFault[] =>
  (records.get(record)?.faults ?? []).filter(
    (fault) => (fault.direction ?? 'forward') === direction,
  );
const breaking = (file: string, from: string, to: string): readonly RecordFault[] => [
  { name: 'broken', shader: { file, from, to } },
];

/** A fragment of what loads an operand, in each tile that is linked with it. */
const breakingTiles = (from: string, to: string): readonly RecordFault[] =>
  ['register', 'quad', 'workgroup'].flatMap((tile) => breaking(`matmul/${tile}`, from, to));

const CLIPPING = 'step 1, layer optimizer, clip_grad_norm';

/** Neighbours differ in what must be named: the control of each case breaks the next one. */
const KERNELS: readonly Kernel[] = [
  {
    name: 'quantize',
    faults: breaking(
      'quant/quantize',
      'in_order(word_with(stream, four))',
      'in_order(word_with(stream, four) ^ 1u)',
    ),
    named: 'step 0, layer linear1, quantize_4bit',
  },
  {
    name: 'cross_entropy_parts',
    faults: breaking('nn/cross_entropy_parts', 'exp(max(', '1.01 * exp(max('),
    named: 'step 1, layer loss, cross_entropy',
  },
  {
    name: 'embedding',
    faults: recordFaults('embedding'),
    named: 'step 1, layer embedding, embedding',
  },
  { name: 'grad_norm', faults: recordFaults('clip_grad_norm'), named: CLIPPING },
  {
    name: 'quantize_4bit',
    faults: recordFaults('quantize_4bit'),
    named: 'step 0, layer linear1, quantize_4bit',
  },
  {
    name: 'matmul_4bit',
    faults: recordFaults('matmul_4bit'),
    named: 'step 1, layer linear1, lora_linear',
    part: 'its part matmul_4bit (',
  },
  {
    name: 'grad_norm_shares',
    faults: breaking('optim/grad_norm_shares', 'sum += x * x;', 'sum += 1.1 * x * x;'),
    named: CLIPPING,
  },
  { name: 'silu', faults: recordFaults('silu'), named: 'step 1, layer silu1, silu' },
  {
    name: 'lora_update',
    faults: recordFaults('lora_linear'),
    named: 'step 2, layer linear1, lora_linear',
    part: 'its products are right alone, which leaves lora/lora_update',
  },
  {
    name: 'cross_entropy_rows',
    faults: recordFaults('cross_entropy'),
    named: 'step 1, layer loss, cross_entropy',
  },
  {
    name: 'matmul',
    // What reads dense columns: the tiles are those of matmul_4bit too.
    faults: breakingTiles('let at = columns.first + i;', 'let at = columns.first;'),
    named: 'step 1, layer linear1, lora_linear',
    part: 'its part matmul (',
  },
  {
    name: 'cross_entropy_reduce',
    faults: breaking('nn/cross_entropy_reduce', 'loss[lane] = sum / weights;', 'loss[lane] = sum;'),
    named: 'step 1, layer loss, cross_entropy',
  },
  {
    name: 'matmul_4bit_grad',
    // What reads codes along rows, as gradients alone do, where a line is no whole words.
    faults: breakingTiles(
      'vec4u(columns.last)) * columns.right.line',
      'vec4u(0u)) * columns.right.line',
    ),
    named: 'step 1, layer linear3, lora_linear',
    part: 'its part matmul_4bit (',
  },
  {
    name: 'clip_grad_norm',
    faults: breaking(
      'optim/clip_grad_norm',
      'clipped(before)',
      'clipped(before + vec4u(0x10000u))',
    ),
    named: CLIPPING,
  },
  {
    name: 'silu_backward',
    faults: recordFaults('silu', 'backward'),
    named: 'step 1, layer silu2, silu',
  },
  {
    name: 'cross_entropy_backward',
    faults: recordFaults('cross_entropy', 'backward'),
    named: 'step 1, layer loss, cross_entropy',
  },
  {
    name: 'adamw_step',
    faults: recordFaults('adamw_step'),
    named: 'step 1, layer optimizer, adamw_step',
  },
];

/** Which kernel is broken when `name` is to be. */
const brokenFor = seam(
  'blame.broken-kernel',
  (name: string): Kernel => kernelAt(KERNELS.findIndex((kernel) => kernel.name === name)),
);
const kernelAt = (i: number): Kernel => KERNELS[i % KERNELS.length] as Kernel;

blameSuite
  .case('broken-kernel', { kernel: KERNELS.map(({ name }) => name) })
  .tier('full')
  .timeout(60_000)
  .desc(
    'A training run with one kernel broken in every variant: step, layer and op of the first wrong element are those of that kernel.',
  )
  .control('another kernel is broken', (fault) =>
    fault.host(
      'blame.broken-kernel',
      () => (name: string) => kernelAt(KERNELS.findIndex((kernel) => kernel.name === name) + 1),
    ),
  )
  .injects(...KERNELS.flatMap(({ faults }) => faults))
  .run(async (t) => {
    const { named, part = '' } = KERNELS.find(({ name }) => name === t.params['kernel']) as Kernel;
    using injector = t.injector();
    injector.inject(...brokenFor(String(t.params['kernel'])).faults);
    const { message, fault, part: said } = await ending(t, SHORT);
    t.expect(
      message.startsWith(`${named} (`),
      () => `"${message}" is said, and ${named} is broken`,
    );
    t.expect(said.startsWith(part), () => `"${said}" is said of the parts, and not "${part}"`);
    t.expect(fault !== 'driver', () => `the driver is accused of a broken kernel: ${message}`);
  });

/** The shaders that the cases above break. */
const brokenShaders = seam('blame.shaders', (): readonly string[] =>
  KERNELS.flatMap(({ faults }) =>
    faults.flatMap((fault) => ('shader' in fault ? [fault.shader.file] : [])),
  ),
);

blameSuite
  .case('every-kernel')
  .tier('full')
  .timeout(60_000)
  .desc(
    'Each kernel that a training run dispatches on this adapter is one that the cases broken-kernel break, but for that of the fingerprints, which computes nothing of the run.',
  )
  .control('a kernel is left out', (fault) =>
    // Several cases may break one kernel.
    fault.host('blame.shaders', (original) => () => {
      const [first, ...others] = original();
      return others.filter((file: string) => file !== first);
    }),
  )
  .run(async (t) => {
    await ending(t, SHORT);
    const shaders = brokenShaders();
    const computing = [...t.gpu.recorder.dispatched].filter(
      (kernel) => !fingerprint.variants['strided']?.kernels.includes(kernel),
    );
    for (const kernel of computing)
      t.expect(shaders.includes(kernel), () => `nothing breaks ${kernel}`);
  });

/** One element that one op gets wrong in one step. */
interface Place {
  readonly step: number;
  /** `<op>.forward` or `<op>.backward`, and which of its calls within the step, from 1 on. */
  readonly seam: string;
  readonly call: number;
  /** The output, or the input whose gradient it is. */
  readonly tensor: string;
  /** In row-major order, modulo the number of elements. */
  readonly element: number;
}

/** What {@link withWrongElement} wraps to change a result of one of these ops. */
const wrapping = (...seams: readonly string[]): readonly Breakable[] =>
  [...new Set(['data.random_batch', ...seams])].map((seam) => ({ host: { seam } }));

/** Where the device goes wrong when it is to go wrong at `place`. */
const placeFor = seam('blame.place', (place: Place): Place => place);

/**
 * Makes the device return one wrong element: a copy of 4 bytes over the result of one op, recorded
 * behind it. `repeats`: whenever the step is run; else the first time alone. Returns what tells the
 * result's shape, once it was there.
 */
function withWrongElement(
  injector: FaultInjector,
  wrong: Tensor,
  planned: Place,
  repeats: boolean,
): () => Shape {
  const place = placeFor(planned);
  let shape: Shape = [];
  const steps = new WeakMap<object, number>();
  let step = 0;
  let call = 0;
  let times = 0;
  const faults = faultsOf((fault) => {
    fault.host('data.random_batch', (original) => (...args) => {
      // Each trainer draws its batches, one a step, from a generator of its own.
      const random = args[3] as object;
      step = (steps.get(random) ?? 0) + 1;
      steps.set(random, step);
      call = 0;
      return original(...args);
    });
    fault.host(place.seam, (original) => (...args) => {
      const results = original(...args) as Readonly<Record<string, Tensor>>;
      call += 1;
      if (step !== place.step || call !== place.call || (times > 0 && !repeats)) return results;
      times += 1;
      const result = results[place.tensor] as Tensor;
      shape = result.shape;
      const { memory, offset } = result.binding;
      wrong.gpu.copy(
        wrong.binding,
        { memory, offset: offset + 4 * (place.element % result.size) },
        4,
      );
      return results;
    });
  });
  injector.inject(...faults);
  return () => shape;
}

const value = (t: CaseContext, x: number) => Tensor.from(t.gpu, hostTensorFrom('f32', [1], [x]));

/** What must be named when one place is wrong. */
interface Expected {
  readonly place: Place;
  readonly named: string;
  readonly index: string;
  readonly faults: readonly string[];
}

/**
 * Kernels whose invocations share memory might race, so that where one is used the cause is
 * undecided.
 */
const PLACES: Readonly<
  Record<
    string,
    {
      readonly place: Place;
      readonly named: string;
      readonly index: string;
      readonly faults: string[];
    }
  >
> = {
  'embedding.forward': {
    place: {
      step: 1,
      seam: 'embedding.forward',
      call: 1,
      tensor: 'y',
      element: 3 * 64 + 2 * 8 + 5,
    },
    named: 'step 1, layer embedding, embedding',
    index: '3,2,5',
    faults: ['driver'],
  },
  'silu.backward': {
    place: { step: 1, seam: 'silu.backward', call: 1, tensor: 'x', element: 39 * 48 + 47 },
    named: 'step 1, layer silu2, silu',
    index: '39,47',
    faults: ['driver'],
  },
  'lora_linear.forward': {
    place: { step: 2, seam: 'lora_linear.forward', call: 2, tensor: 'y', element: 7 * 48 + 1 },
    named: 'step 2, layer linear2, lora_linear',
    index: '7,1',
    faults: ['driver', 'undecided'],
  },
};

/**
 * A rule that is right about one op may be wrong about another; elementwise ones are the cheapest
 * to show.
 */
const TIERS = {
  quick: ['silu.backward'],
  full: ['embedding.forward', 'lora_linear.forward'],
} as const;

for (const tier of ['quick', 'full'] as const) {
  blameSuite
    .case('one-wrong-element', { of: TIERS[tier] })
    .tier(tier)
    .timeout(60_000)
    .desc(
      'One element of one op in one judged step is wrong, once: op, layer, step and element are named, and no kernel is accused.',
    )
    .control('the element before it is wrong', (fault) =>
      fault.host('blame.place', () => (place: Place) => ({ ...place, element: place.element - 1 })),
    )
    .injects(...wrapping(...Object.values(PLACES).map(({ place }) => place.seam)))
    .run((t) => expectNamed(t, PLACES[String(t.params['of'])] as Expected));
}

async function expectNamed(
  t: CaseContext,
  { place, named, index, faults: causes }: Expected,
): Promise<void> {
  using injector = t.injector();
  using wrong = value(t, 1000);
  withWrongElement(injector, wrong, place, false);
  const found = await ending(t, SHORT);
  t.expect(
    found.message.startsWith(`${named} (`),
    () => `"${found.message}" is said, and ${named} was wrong`,
  );
  t.expect(
    found.index === index,
    () => `element [${found.index}] is named, and [${index}] was wrong`,
  );
  t.expect(causes.includes(found.fault), () => `the fault is said to be ${found.fault}`);
}

blameSuite
  .case('between-judged-steps', { wrong: ['each-time', 'once'] })
  .tier('full')
  .timeout(60_000)
  .desc(
    'An element is wrong in step 7 while steps 1, 5 and 10 are judged, each time that the step is run or once: op, layer, step and element are named, and that the device did not repeat itself.',
  )
  .control('wrong one step later', (fault) =>
    fault.host('blame.place', () => (place: Place) => ({ ...place, step: place.step + 1 })),
  )
  .injects(...wrapping('silu.forward'))
  .run(async (t) => {
    const repeats = t.params['wrong'] === 'each-time';
    using injector = t.injector();
    // A loss that is no number ends the run; one that is only far too large does not.
    using wrong = value(t, repeats ? Number.NaN : 1e6);
    withWrongElement(
      injector,
      wrong,
      { step: 7, seam: 'silu.forward', call: 2, tensor: 'y', element: 5 * 48 + 9 },
      repeats,
    );
    const found = await ending(t, SELDOM_JUDGED);
    t.expect(
      found.message.startsWith('step 7, layer silu2, silu ('),
      () => `"${found.message}" is said, and silu2 was wrong in step 7`,
    );
    t.expect(found.index === '5,9', () => `element [${found.index}] is named`);
    t.expect((found.code === 'not-repeatable') === !repeats, () => `the code is ${found.code}`);
    if (!repeats)
      t.expect(found.actual === 1e6, () => `the element is said to have been ${found.actual}`);
  });

/** What ops return in a training step of the small model, by the layers of their calls. */
const RESULTS: readonly {
  readonly seam: string;
  readonly layers: readonly string[];
  readonly tensors: readonly string[];
}[] = [
  { seam: 'embedding.forward', layers: ['embedding'], tensors: ['y'] },
  { seam: 'lora_linear.forward', layers: ['linear1', 'linear2', 'linear3'], tensors: ['y', 'xa'] },
  { seam: 'silu.forward', layers: ['silu1', 'silu2'], tensors: ['y'] },
  { seam: 'cross_entropy.forward', layers: ['loss'], tensors: ['loss', 'row_stats'] },
  { seam: 'cross_entropy.backward', layers: ['loss'], tensors: ['logits'] },
  {
    seam: 'lora_linear.backward',
    layers: ['linear3', 'linear2'],
    tensors: ['x', 'lora_A', 'lora_B'],
  },
  {
    seam: 'lora_linear.backward',
    layers: ['linear3', 'linear2', 'linear1'],
    tensors: ['lora_A', 'lora_B'],
  },
  { seam: 'silu.backward', layers: ['silu2', 'silu1'], tensors: ['x'] },
];

blameSuite
  .case('anywhere', { draw: [1, 2, 3, 4, 5, 6] })
  .tier('full')
  .timeout(60_000)
  .desc(
    'A drawn element of a drawn result of a drawn op is not a number in a drawn step that is not judged, once: it is named exactly.',
  )
  .control('the element before it is wrong', (fault) =>
    fault.host('blame.place', () => (place: Place) => ({ ...place, element: place.element - 1 })),
  )
  .injects(...wrapping(...RESULTS.map((result) => result.seam)))
  .run(async (t) => {
    const random = t.random(Number(t.params['draw']));
    const draw = <T>(of: readonly T[]) => of[random.integer(0, of.length - 1)] as T;
    const { seam: name, layers, tensors } = draw(RESULTS);
    const layer = draw(layers);
    const tensor = draw(tensors);
    const place = {
      step: draw([2, 3, 4, 6, 7, 8, 9, 11]),
      seam: name,
      call: layers.indexOf(layer) + 1,
      tensor,
      element: random.word(),
    };
    using injector = t.injector();
    using wrong = value(t, Number.NaN);
    const shape = withWrongElement(injector, wrong, place, false);
    const found = await ending(t, SELDOM_JUDGED);
    const [op, direction] = name.split('.') as [string, string];
    const named = `step ${place.step}, layer ${layer}, ${op} (`;
    const result = `): ${direction === 'backward' ? 'gradient of ' : ''}${tensor}[`;
    t.expect(
      found.message.startsWith(named) && found.message.includes(result),
      () => `"${found.message}" is said, not ${named}${result}`,
    );
    const index = coordinatesOf(place.element % sizeOf(shape()), shape()).join();
    t.expect(
      found.index === index,
      () => `element [${found.index}] is named, and [${index}] was wrong`,
    );
  });
