import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Application } from '../../src/graph/call.ts';
import { Layers } from '../../src/models/layers.ts';
import { adaptedLinear } from '../../src/models/llama/lora/adapted-linear.ts';
import { loraLinear } from '../../src/ops/lora/lora_linear.ts';
import type { Acceptance, OpRecord, Value, Values } from '../../src/reference/record.ts';
import { recordOf } from '../../src/reference/registry.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { arithmeticOf } from '../../src/testing/judge-call.ts';
import { suite } from '../../src/testing/suite.ts';
import { download, normalTensor } from './tensors.ts';

export const typeCustomLora = suite('train.type-custom-lora', {
  description:
    'The LoRA layer of products of its own beside the one op: what each dispatches and gives, and what dropout leaves',
});

const SIZES = { in: 256, out: 131, r: 8 };
const ADAPTER = { r: SIZES.r, alpha: 16 };
const NAME = 'fc';
/** Of inputs, weight and adapter, which learnt something. */
const DEVIATIONS = { x: 1, weight: 0.05, lora_A: 0.1, lora_B: 0.1 };

/** A linear with an adapter, and inputs for so many rows. */
class Adapted implements Disposable {
  readonly x: Tensor;
  readonly tensors: { readonly lora_A: Tensor; readonly lora_B: Tensor };
  readonly #weight: Tensor;
  readonly #scope = new Scope();

  constructor(t: CaseContext, rows: number) {
    const drawn = (stream: number, shape: readonly number[], deviation: number) =>
      this.#scope.add(Tensor.from(t.gpu, normalTensor(t, stream, shape, deviation)));
    this.x = drawn(1, [rows, SIZES.in], DEVIATIONS.x);
    this.#weight = drawn(2, [SIZES.out, SIZES.in], DEVIATIONS.weight);
    this.tensors = {
      lora_A: drawn(3, [SIZES.r, SIZES.in], DEVIATIONS.lora_A),
      lora_B: drawn(4, [SIZES.out, SIZES.r], DEVIATIONS.lora_B),
    };
  }

  /** y by products of its own where `apart`, else by the one op. */
  forward(tape: Tape, apart: boolean, dropout = 0): Tensor {
    const weight = this.#weight;
    const layers = new Layers(tape, { names: [`${NAME}.weight`], view: () => weight });
    const adapter = { ...ADAPTER, apart, dropout };
    const { tensors } = this;
    return adaptedLinear(tape, layers, NAME, this.x, {
      ...{ adapter, tensors, weight, trainsBias: false },
    });
  }

  /** What the op's record takes. */
  async inputs(): Promise<Values> {
    const { lora_A, lora_B } = this.tensors;
    const tensors = { x: this.x, weight: this.#weight, lora_A, lora_B };
    const read: Record<string, Value> = {};
    for (const [name, tensor] of Object.entries(tensors)) read[name] = await download(tensor);
    return read;
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

/** What a pass forward and backward gave, which calls it made, and which kernels ran. */
interface Passed {
  readonly results: Readonly<Record<'y' | 'lora_A' | 'lora_B', Value>>;
  readonly calls: readonly Application<Tensor>[];
  readonly kernels: readonly string[];
}

async function passed<T>(
  t: CaseContext,
  layer: Adapted,
  apart: boolean,
  look: (of: Passed) => T,
): Promise<T> {
  using dy = Tensor.from(t.gpu, normalTensor(t, 5, [layer.x.shape[0] as number, SIZES.out]));
  t.gpu.recorder.dispatched.clear();
  const calls: Application<Tensor>[] = [];
  const watched = Object.values(layer.tensors);
  using tape = new Tape(t.gpu, watched, { trace: calls });
  const y = layer.forward(tape, apart);
  const gradients = tape.backward(y, dy);
  const { lora_A, lora_B } = layer.tensors;
  const results = {
    y: await download(y),
    lora_A: await download(gradients.get(lora_A) as Tensor),
    lora_B: await download(gradients.get(lora_B) as Tensor),
  };
  return look({ results, calls, kernels: [...t.gpu.recorder.dispatched] });
}

const ROWS = 13;

typeCustomLora
  .case('own-path')
  .covers('fsdp.training.custom-lora/independent-implementation')
  .desc(
    'The own layer is three products and no call or kernel of LoRA; the standard one is one call of lora_linear with kernels of its own.',
  )
  .control('the own layer is the one op', (fault) =>
    fault.host(
      'nn.llama.besideBase',
      () => (tape: Tape, layers: Layers, name: string, x: Tensor, adapter, tensors) => {
        const { apart: _, dropout: __, ...params } = adapter;
        const inputs = { x, ...tensors, weight: layers.weight(name) };
        return tape.apply(loraLinear, inputs, params, name).y;
      },
    ),
  )
  .run(async (t) => {
    using layer = new Adapted(t, ROWS);
    const told = (apart: boolean) =>
      passed(t, layer, apart, ({ calls, kernels }) => ({
        ops: calls.filter(({ grads }) => !grads).map(({ op }) => op.name),
        ofLora: kernels.filter((kernel) => kernel.startsWith('lora/')),
      }));
    const own = await told(true);
    const standard = await told(false);
    t.expect(own.ops.join() === 'matmul,matmul,matmul', () => `the own layer calls ${own.ops}`);
    t.expect(own.ofLora.length === 0, () => `the own layer dispatches ${own.ofLora}`);
    t.expect(standard.ops.join() === 'lora_linear', () => `the other calls ${standard.ops}`);
    t.expect(standard.ofLora.length > 0, () => 'the other has no kernels of LoRA');
  });

type Within = Acceptance & { readonly kind: 'within' };

const RECORD = recordOf('lora_linear') as OpRecord;
const twiceTheUpdate = {
  name: 'twice the factor of the update',
  faults: (fault: FaultDeclaration) =>
    fault.host('nn.llama.adapterScale', (original) => (adapter: object) => 2 * original(adapter)),
};

typeCustomLora
  .case('both-layers')
  .covers('fsdp.training.custom-lora/matches-standard-lora')
  .desc(
    'Without dropout outputs and gradients of lora_A and lora_B are within their bounds of float64 in both layers, and so within both bounds of each other.',
  )
  .control(twiceTheUpdate.name, twiceTheUpdate.faults)
  .run(async (t) => {
    using layer = new Adapted(t, ROWS);
    const inputs = await layer.inputs();
    const params = { ...ADAPTER, use_rslora: false, use_dora: false, base: 'dense' };
    const grads = { y: { shape: [ROWS, SIZES.out], data: dyOf(t) } };
    const truth = { ...RECORD.forward(inputs, params), ...RECORD.vjp?.(inputs, params, grads) };
    const judged = (apart: boolean) =>
      passed(t, layer, apart, ({ results, calls }) => {
        const arithmetic = deepest(t, calls);
        const bounds = {
          ...RECORD.acceptance(inputs, truth, params, arithmetic),
          ...RECORD.vjpAcceptance?.(inputs, truth, params, grads, arithmetic),
        } as Record<string, Within>;
        const which = apart ? 'the own layer' : 'the standard layer';
        for (const [name, actual] of Object.entries(results))
          t.expectAccepted(`${name} of ${which}`, actual, truth[name] as Value, {
            ...(bounds[name] as Within),
          });
        return { results, bounds };
      });
    const own = await judged(true);
    const standard = await judged(false);
    for (const name of ['y', 'lora_A', 'lora_B'] as const) {
      const other = standard.bounds[name]?.bound as Float64Array;
      const bound = own.bounds[name]?.bound.map((b, i) => b + (other[i] as number));
      t.expectAccepted(`${name} of both`, own.results[name], standard.results[name], {
        kind: 'within',
        bound: bound as Float64Array,
      });
    }
  });

/** The gradient that both layers are given. */
const dyOf = (t: CaseContext) =>
  Float64Array.from(normalTensor(t, 5, [ROWS, SIZES.out]).data, Number);

/** The arithmetic of a layer: as deep as that of its deepest call. */
function deepest(t: CaseContext, calls: readonly Application<Tensor>[]) {
  const each = calls.map(({ op, variant }) => arithmeticOf(t, { op, variant }));
  const [first] = each;
  const depth = (n: number) => Math.max(...each.map((one) => one.depth(n)));
  return { ...(first as (typeof each)[number]), depth };
}

/** Enough elements that a share of 0.01 is five deviations of what is kept by chance. */
const MANY_ROWS = 129;
const P = 0.1;

typeCustomLora
  .case('dropout')
  .covers('fsdp.training.custom-lora/dropout-mask')
  .desc(
    'With dropout of 0.1 what lora_A gets has 0.9 of the inputs, give or take 0.01, each times 1 / 0.9 as float32 rounds it, and the base gets all of them.',
  )
  .control('nothing is dropped', (fault) =>
    fault.launch('dropout.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, p: 0 },
      variant,
    ]),
  )
  .run(async (t) => {
    using layer = new Adapted(t, MANY_ROWS);
    const calls: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [], { trace: calls, random: new RandomState(t.seed) });
    layer.forward(tape, true, P);
    const inputOf = (name: string) =>
      calls.find(({ layer: of }) => of === name)?.inputs['a'] as Tensor;
    t.expect(inputOf(NAME) === layer.x, () => 'the base does not get the inputs');
    const given = await download(layer.x);
    const dropped = await download(inputOf(`${NAME}.lora_A`));
    const kept = dropped.data.filter((x) => x !== 0).length / given.data.length;
    t.metric('kept', kept);
    t.expect(Math.abs(kept - (1 - P)) <= 0.01, () => `${kept} of the inputs are kept`);
    // The factor is rounded, and so is the product.
    const bound = given.data.map((x) => (2 * 2 ** -23 * Math.abs(x)) / (1 - P));
    const data = given.data.map((x, i) => (dropped.data[i] === 0 ? 0 : x / (1 - P)));
    t.expectAccepted('inputs of lora_A', dropped, { ...given, data }, { kind: 'within', bound });
  });
