import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { ReferenceBackend } from '../../backends/reference.ts';
import { backendRunner } from '../../backends/runner.ts';
import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { mapped, type Named } from '../../graph/call.ts';
import { checkGraph } from '../../graph/check.ts';
import { type CallNode, callsOf, type Graph, isView, type ValueId } from '../../graph/graph.ts';
import { run } from '../../graph/run.ts';
import { ByteModel } from '../../models/byte-model/byte-model.ts';
import { DEFAULT_BYTE_MODEL } from '../../models/byte-model/config.ts';
import { ConvNet } from '../../models/conv-net/conv-net.ts';
import { Llama } from '../../models/llama/llama.ts';
import { Mlp } from '../../models/mlp/mlp.ts';
import { SequenceClassifier } from '../../models/sequence-classifier/sequence-classifier.ts';
import { Transformer } from '../../models/transformer/transformer.ts';
import type { Launcher } from '../../ops/launcher.ts';
import { launchers } from '../../ops/registry.ts';
import { chooseVariant, depthOf } from '../../ops/variants.ts';
import { graphBound } from '../../reference/graph-bound.ts';
import { type Judgement, judge } from '../../reference/judge.ts';
import type { Value } from '../../reference/record.ts';
import { referenceRunner } from '../../reference/runner.ts';
import { valuesOfHosts } from '../../reference/values.ts';
import { filledTensor, type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * Each model is recorded as a graph while the device runs it, and the graph is run forward by the
 * records alone: the device's logits are within the bound that follows from those of all its calls.
 * Runs on npm webgpu with a browser's SwiftShader. The sizes are those at which the bound costs
 * little: it takes one pass back for each logit.
 */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

/** What the models have in common here. */
interface Recordable extends Disposable {
  readonly parameters: {
    readonly names: readonly string[];
    readonly view: (name: string) => Tensor;
  };
}

/**
 * A model, what it is given, and two inputs of its calls that a wrong wire exchanges:
 * `<layer>.<input>`.
 */
interface Subject {
  readonly model: () => Recordable;
  readonly inputs: (random: Random) => Named<HostTensor>;
  readonly forward: (model: never, tape: Tape, inputs: never) => Tensor;
  readonly wires: readonly [string, string];
}

function subject<M extends Recordable, I extends Named<Tensor>>(
  model: (random: Random) => M,
  inputs: (random: Random) => Named<HostTensor>,
  forward: (model: M, tape: Tape, inputs: I) => Tensor,
  ...wires: readonly [string, string]
): Subject {
  return { model: () => model(new Random(7)), inputs, forward, wires };
}

const floats = (random: Random, shape: Shape) => filledTensor('f32', shape, () => random.normal(1));
const ids = (random: Random, shape: Shape, vocab: number) =>
  filledTensor('i32', shape, () => random.integer(0, vocab - 1));

const TINY_LLAMA = {
  length: 3,
  hidden: 8,
  layers: 2,
  heads: 2,
  kv_heads: 1,
  rms_eps: 1e-5,
  rope_theta: 1e4,
};

function tinyLlama(random: Random): Llama {
  const weight = (name: string, ...shape: Shape) =>
    [`${name}.weight`, floats(random, shape)] as const;
  const blocks = [0, 1].flatMap((i) => {
    const at = `model.layers.${i}`;
    return [
      weight(`${at}.input_layernorm`, 8),
      weight(`${at}.self_attn.q_proj`, 8, 8),
      weight(`${at}.self_attn.k_proj`, 4, 8),
      weight(`${at}.self_attn.v_proj`, 4, 8),
      weight(`${at}.self_attn.o_proj`, 8, 8),
      weight(`${at}.post_attention_layernorm`, 8),
      weight(`${at}.mlp.gate_proj`, 12, 8),
      weight(`${at}.mlp.up_proj`, 12, 8),
      weight(`${at}.mlp.down_proj`, 8, 12),
    ];
  });
  const around = [
    weight('model.embed_tokens', 5, 8),
    weight('model.norm', 8),
    weight('lm_head', 5, 8),
  ];
  return new Llama(gpu, TINY_LLAMA, {
    trained: new Map([...around, ...blocks]),
    frozen: new Map(),
  });
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  llama: subject(
    tinyLlama,
    (random) => ({ ids: ids(random, [1, 3], 5) }),
    (model, tape, inputs: { ids: Tensor }) => model.forward(tape, inputs),
    'model.layers.1.self_attn.k',
    'model.layers.1.self_attn.v',
  ),
  transformer: subject(
    (random) =>
      new Transformer(
        gpu,
        { vocab: 5, length: 4, heads: 2, kvHeads: 1, headDim: 4, inner: 12 },
        random,
      ),
    (random) => ({ ids: ids(random, [1, 4], 5) }),
    (model, tape, inputs: { ids: Tensor }) => model.forward(tape, inputs),
    'mlp.gate',
    'mlp.up',
  ),
  mlp: subject(
    (random) => new Mlp(gpu, { inFeatures: 2, hidden: 6, classes: 3 }, random),
    (random) => ({ x: floats(random, [4, 2]) }),
    (model, tape, inputs: { x: Tensor }) => model.forward(tape, inputs),
    'fc1.bias',
    'fc2.bias',
  ),
  'conv-net': subject(
    (random) => new ConvNet(gpu, { channels: [1, 3, 4], classes: 3 }, random),
    (random) => ({ x: floats(random, [2, 1, 6, 6]) }),
    (model, tape, inputs: { x: Tensor }) => model.forward(tape, inputs),
    'bn2.weight',
    'bn2.bias',
  ),
  'sequence-classifier': subject(
    (random) =>
      new SequenceClassifier(
        gpu,
        { vocab: 6, heads: 2, headDim: 4, classes: 2, dropout: 0.1 },
        random,
      ),
    (random) => ({
      ids: ids(random, [2, 3], 6),
      mask: hostTensorFrom('u8', [2, 1, 1, 3], [1, 1, 1, 1, 1, 0]),
      share: hostTensorFrom('f32', [2, 3, 1], [1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2, 0]),
    }),
    (model, tape, inputs: { ids: Tensor; mask: Tensor; share: Tensor }) =>
      model.forward(tape, inputs),
    'attention.q',
    'attention.v',
  ),
  'byte-model': subject(
    (random) => {
      const config = {
        ...DEFAULT_BYTE_MODEL,
        vocab: 6,
        embedding: 8,
        context: 4,
        hidden: [32, 32],
        r: 2,
      };
      return new ByteModel(gpu, config, random, random);
    },
    (random) => ({ ids: ids(random, [2, 4], 6) }),
    (model, tape, inputs: { ids: Tensor }) => model.forward(tape, inputs),
    'linear1.packed',
    'linear2.packed',
  ),
};

/** A graph, what it was given on the device, and the logits that the device gave. */
interface Recorded {
  readonly graph: Graph;
  readonly given: Named<HostTensor>;
  readonly logits: HostTensor;
}

async function recorded({ model: build, inputs: draw, forward }: Subject): Promise<Recorded> {
  using model = build();
  using scope = new Scope();
  const inputs = mapped(draw(new Random(11)), (host) => scope.add(Tensor.from(gpu, host)));
  const named = model.parameters.names.map((name) => [model.parameters.view(name), name] as const);
  const recorder = new GraphBuilder<Tensor>(inputs, new Map(named));
  using tape = new Tape(gpu, [], { recorder });
  const logits = forward(model as never, tape, inputs as never);
  const graph = recorder.build({ logits });
  const given: Record<string, HostTensor> = {};
  for (const [name, tensor] of [...recorder.constants, ...Object.entries(inputs)]) {
    given[name] = await tensor.read();
  }
  return { graph, given, logits: await logits.read() };
}

/** Logits, judged by what the records make of the graph. */
async function judged({ graph, given, logits }: Recorded): Promise<Judgement> {
  const values = await run(graph, referenceRunner, valuesOfHosts(given));
  const output = graph.outputs['logits'] as ValueId;
  const depthAt = ({ op: { name } }: CallNode) => {
    const launcher = launchers.get(name) as Launcher;
    return depthOf(launcher.variants[chooseVariant(gpu, launcher)]);
  };
  const bound = graphBound(graph, values, output, (node) => ({
    depth: depthAt(node),
    ieee: false,
  }));
  return judge(valuesOfHosts({ logits }).logits, values.get(output) as Value, {
    kind: 'within',
    bound,
  });
}

/** The graph with what two calls read exchanged. */
function rewired(graph: Graph, wires: readonly [string, string]): Graph {
  const calls = callsOf(graph);
  const [one, other] = wires.map((wire) => {
    const found = calls.flatMap(({ layer, inputs }) =>
      Object.entries(inputs).filter(([name]) => `${layer}.${name}` === wire),
    );
    expect(found, `the wire ${wire}`).toHaveLength(1);
    return found[0]?.[1] as ValueId;
  }) as [ValueId, ValueId];
  const changed = (layer: string) => (id: ValueId, name: string) =>
    !wires.includes(`${layer}.${name}`) ? id : id === one ? other : one;
  const nodes = graph.nodes.map((node) =>
    isView(node) ? node : { ...node, inputs: mapped(node.inputs, changed(node.layer)) },
  );
  return { ...graph, nodes };
}

describe.each(Object.entries(SUBJECTS))('%s as a graph', (_, subject) => {
  test('holds together, and the device is within the bound of its float64 run', async () => {
    const found = await recorded(subject);
    checkGraph(found.graph);
    const { ok, compared, accuracy } = await judged(found);
    expect(compared).toBe(found.logits.data.length);
    expect(ok).toBe(true);
    expect(accuracy?.boundUsed).toBeGreaterThan(0);
  });

  test('gives the same bits when the device runs it call by call', async () => {
    const { graph, given, logits } = await recorded(subject);
    const values = await run(graph, backendRunner(new WebGpuBackend(gpu)), given);
    expect(values.get(graph.outputs['logits'] as ValueId)).toEqual(logits);
  });

  test('is within the bound when the records run it, rounded after each call', async () => {
    const found = await recorded(subject);
    const values = await run(found.graph, backendRunner(new ReferenceBackend()), found.given);
    const logits = values.get(found.graph.outputs['logits'] as ValueId) as HostTensor;
    expect((await judged({ ...found, logits })).ok).toBe(true);
  });

  test('with a wrong wire is seen', async () => {
    const found = await recorded(subject);
    const { ok } = await judged({ ...found, graph: rewired(found.graph, subject.wires) });
    expect(ok).toBe(false);
  });
});
