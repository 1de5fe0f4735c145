import { mapped } from '../../../src/graph/call.ts';
import {
  type CallNode,
  isView,
  type ValueId,
  type ValueType,
  type View,
} from '../../../src/graph/graph.ts';
import type { Value, Values } from '../../../src/reference/record.ts';
import {
  ACCUMULATION,
  type Accumulation,
  type Network,
} from '../../../src/reference/step/gradients.ts';
import {
  clip,
  growScale,
  type Stage,
  schedule,
  stagesOf,
  unscale,
  update,
} from '../../../src/reference/step/stages.ts';
import type { Recipe } from '../../../src/reference/step/state.ts';
import type { loraLinear } from '../../../src/vocabulary/lora/lora_linear.ts';
import type { GivenParams } from '../../../src/vocabulary/signature.ts';

/** A wrong way to make a step. What is absent is done right. */
export interface StepMistake {
  readonly stages?: (recipe: Recipe) => readonly Stage[];
  readonly accumulation?: Accumulation;
  /** The factor of the loss, of the scale. */
  readonly factor?: (scale: number) => number;
  /** Whether the gradients that the step before took are added. */
  readonly keepsGradients?: boolean;
  /** Where the step begins in the random numbers, of where it should. */
  readonly position?: (position: number) => number;
  /** The network that is trained, of the right one and its weights; itself where it is right. */
  readonly network?: (network: Network, trained: Values) => Network;
  /** The micro-batches that are used. */
  readonly parts?: (parts: readonly Values[]) => readonly Values[];
}

const without = (stage: Stage): StepMistake => ({
  stages: (recipe) => stagesOf(recipe).filter((each) => each !== stage),
});

const twice = (stage: Stage): StepMistake => ({
  stages: (recipe) =>
    stagesOf(recipe).flatMap((each) => (each === stage ? [stage, stage] : [each])),
});

/** A stage moved before another, where both are there. */
const before = (other: Stage, stage: Stage): StepMistake => ({
  stages: (recipe) => {
    const right = stagesOf(recipe);
    return right.includes(stage) && right.includes(other)
      ? right.flatMap((each) => (each === stage ? [] : each === other ? [stage, each] : [each]))
      : right;
  },
});

const replaced = (stage: Stage, wrong: Stage): StepMistake => ({
  stages: (recipe) => stagesOf(recipe).map((each) => (each === stage ? wrong : each)),
});

/** The update at the rate of another step of the schedule. */
const atRateOf = (other: (step: number) => number): StepMistake =>
  replaced(update, (work) => {
    const { scheduled } = work.state;
    const after = update({ ...work, state: { ...work.state, scheduled: other(scheduled) } });
    return { ...after, state: { ...after.state, scheduled } };
  });

/** A stage that does not know of an overflow. */
const unaware = (stage: Stage) =>
  replaced(stage, (work) => ({ ...stage({ ...work, found: false }), found: work.found }));

const weighted = (shares: Accumulation['shares']): StepMistake => ({
  accumulation: { ...ACCUMULATION, shares },
});

/** Calls of an op with other parameters, in all layers or in one. */
const called = (op: string, change: (params: object) => object, layer?: string): StepMistake => ({
  network: (network) => {
    const isMeant = (node: CallNode) =>
      node.op.name === op && (layer === undefined || node.layer === layer);
    const { nodes } = network.graph;
    if (!nodes.some((node) => !isView(node) && isMeant(node))) return network;
    const changed = nodes.map((node) =>
      !isView(node) && isMeant(node) ? { ...node, params: change(node.params) } : node,
    );
    return { ...network, graph: { ...network.graph, nodes: changed } };
  },
});

const set = (op: string, changed: object, layer?: string): StepMistake =>
  called(op, (params) => ({ ...params, ...changed }), layer);

/** Calls that are meant read the weight `name` from a copy: its gradient there goes nowhere. */
function detached(
  network: Network,
  trained: Values,
  name: string,
  isMeant: (node: CallNode) => boolean,
): Network {
  const { graph } = network;
  const weight = graph.constants[name] as ValueId;
  const copy = graph.values.length;
  const nodes = graph.nodes.map((node) =>
    !isView(node) && isMeant(node)
      ? { ...node, inputs: mapped(node.inputs, (id) => (id === weight ? copy : id)) }
      : node,
  );
  const values = [...graph.values, graph.values[weight] as ValueType];
  const constants = { ...graph.constants, [`copy of ${name}`]: copy };
  return {
    ...network,
    graph: { ...graph, values, constants, nodes },
    constants: { ...network.constants, [`copy of ${name}`]: trained[name] as Value },
  };
}

/** Calls of an op without one of their inputs. */
const withoutInput = (op: string, input: string): StepMistake => ({
  network: (network) => {
    const { graph } = network;
    const nodes = graph.nodes.map((node) => {
      if (isView(node) || node.op.name !== op) return node;
      const { [input]: _, ...inputs } = node.inputs;
      return { ...node, inputs };
    });
    return { ...network, graph: { ...graph, nodes } };
  },
});

const TABLE = 'model.embed_tokens.weight';

/** A table that is read twice has no gradient in this layer. */
const untied = (layer: string): StepMistake => ({
  network: (network, trained) => {
    const { nodes, constants } = network.graph;
    const table = constants[TABLE];
    const reads = (node: CallNode | View) =>
      !isView(node) && Object.values(node.inputs).some((id) => id === table);
    return table !== undefined && nodes.filter(reads).length > 1
      ? detached(network, trained, TABLE, (node) => node.layer === layer)
      : network;
  },
});

/** Weights of such names have no gradient. */
const untrained = (ending: string): StepMistake => ({
  network: (network, trained) =>
    Object.keys(trained)
      .filter((name) => name.endsWith(ending))
      .reduce((made, name) => detached(made, trained, name, () => true), network),
});

type LoraParams = GivenParams<typeof loraLinear>;

/** Mistakes in the order of things, by what is wrong. */
export const MISTAKES: Readonly<Record<string, StepMistake>> = {
  'the loss is not scaled': { factor: () => 1 },
  'the loss is scaled twice': { factor: (scale) => scale * scale },
  'gradients of the step before are not zeroed': { keepsGradients: true },
  'parts are summed and not averaged': weighted((asked) => asked.map(() => 1)),
  'parts weigh alike': weighted((asked) => asked.map(() => 1 / asked.length)),
  'a part without labels weighs as if it had one': weighted((asked) => {
    const some = asked.map((count) => Math.max(1, count));
    return some.map((count) => count / some.reduce((sum, x) => sum + x, 0));
  }),
  'the last part is left out': { parts: (parts) => parts.slice(0, Math.max(1, parts.length - 1)) },
  'the first part counts twice': { parts: (parts) => [...parts.slice(0, 1), ...parts] },
  'gradients stay scaled': without(unscale),
  'gradients are unscaled twice': twice(unscale),
  'gradients are clipped before they are unscaled': before(unscale, clip),
  'gradients are not clipped': without(clip),
  'gradients are clipped twice': twice(clip),
  'gradients are clipped after the update': before(clip, update),
  'scaled gradients are taken': before(unscale, update),
  'nothing is updated': without(update),
  'parameters are updated twice': twice(update),
  'a step that overflows is taken': unaware(update),
  'a step that is left out counts': replaced(update, (work) => {
    const { state, found } = update(work);
    return { ...work, state: { ...state, taken: state.taken + Number(found) } };
  }),
  'the scale stays as it is': without(growScale),
  'the scale is updated twice': twice(growScale),
  'the scale is updated before it is used': before(unscale, growScale),
  'the scale does not back off': unaware(growScale),
  'the count of steps since the scale changed is kept through an overflow': replaced(
    growScale,
    (work) => {
      const after = growScale(work);
      const { growth_tracker } = work.found ? work.state : after.state;
      return { ...after, state: { ...after.state, growth_tracker } };
    },
  ),
  'the schedule is ahead by a step': before(update, schedule),
  'the schedule is behind by a step': atRateOf((step) => Math.max(0, step - 1)),
  'the schedule stands still': atRateOf(() => 0),
  'the schedule moves twice a step': atRateOf((step) => 2 * step),
  'layer_norm has an eps of 1e-6': set('layer_norm', { eps: 1e-6 }),
  'the second layer_norm has an eps of 1e-6': set('layer_norm', { eps: 1e-6 }, 'norm2'),
  'rms_norm has an eps of 1e-5 for 1e-6': set('rms_norm', { eps: 1e-5 }),
  'the last rms_norm has an eps of 1e-5 for 1e-6': set('rms_norm', { eps: 1e-5 }, 'model.norm'),
  'batch_norm has an eps of 1e-6': set('batch_norm', { eps: 1e-6 }),
  'the second batch_norm has an eps of 1e-6': set('batch_norm', { eps: 1e-6 }, 'bn2'),
  'running statistics have a momentum of 0.9': set('batch_norm', { momentum: 0.9 }),
  'running statistics stand still': set('batch_norm', { momentum: 0 }),
  'the running variance follows the biased one': set('batch_norm', {
    running_var_unbiased: false,
  }),
  'batches are normalized by running statistics': set('batch_norm', { training: false }),
  'a tied table has the gradient of its use as embeddings alone': untied('lm_head'),
  'a tied table has the gradient of its use as head alone': untied('model.embed_tokens'),
  'the factor alpha / r is left out': called('lora_linear', (params) => ({
    ...params,
    alpha: (params as LoraParams).r,
  })),
  'the factor alpha / r is doubled': called('lora_linear', (params) => ({
    ...params,
    alpha: 2 * (params as LoraParams).alpha,
  })),
  'the factor is alpha / sqrt(r)': set('lora_linear', { use_rslora: true }),
  'magnitudes are not multiplied in': withoutInput('lora_linear', 'magnitude'),
  'magnitudes have no gradient': untrained('.magnitude'),
  'the base is decoded as fp4': called('lora_linear', (params) => ({
    ...params,
    base: (params as LoraParams).base === 'nf4' ? 'fp4' : 'dense',
  })),
  'every step has the masks of the first': { position: () => 0 },
  'masks of the step behind': { position: (position) => 2 * position + 1 },
};
