import { InvariantError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { type Application, mapped, present } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { cast } from '../ops/math/cast.ts';
import { accumulateGrad } from '../ops/nn/accumulate_grad.ts';
import { chooseVariant } from '../ops/variants.ts';
import { seam } from '../seam.ts';
import { isFloat, isHalf } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';
import {
  type GivenParams,
  type InputsOf,
  ruleOf,
  type SavedOutputsOf,
  type Signature,
} from '../vocabulary/signature.ts';
import { type AutocastType, autocast } from './autocast.ts';
import { refuseBackward } from './autograd-error.ts';
import type { RandomState } from './random-state.ts';
import { SavedTensors } from './saved.ts';

/** Who looks on, and what the model draws from. */
export interface TapeOptions {
  /** Every application is added to it and lives as long as the tape. */
  readonly trace?: Application<Tensor>[] | undefined;
  /**
   * Is shown every application when it was recorded, and may record more, but not keep its tensors.
   */
  readonly watch?: ((application: Application<Tensor>) => void) | undefined;
  /** Is told every forward call and view, in their order: of these a graph is made. */
  readonly recorder?: GraphBuilder<Tensor> | undefined;
  /** Random numbers of the model; a checkpoint replays its part of them. */
  readonly random?: RandomState | undefined;
  /** Products are stored in this format, as by torch.autocast. Default none. */
  readonly autocast?: AutocastType | undefined;
  /**
   * Whether layers that round what they are given by a scale of their own follow it first, batch by
   * batch. Default false: the scale stays.
   */
  readonly calibrates?: boolean | undefined;
}

/** Frees what a segment computed. A seam, so that a control can leave it out. */
const dropSegment = seam('tape.drop_segment', (once: Tape) => once[Symbol.dispose]());

/** Gradients by tensor, while they flow. */
type Flow = Map<Tensor, Tensor>;

/**
 * Something that backward must undo: given the gradients of some results, it adds those of what
 * they were made of.
 */
interface Node {
  readonly sources: readonly Tensor[];
  readonly results: readonly Tensor[];
  readonly propagate: (flow: Flow) => void;
}

/** How backward runs. */
export interface BackwardOptions {
  /** Keep what was recorded for another time. Default false. */
  readonly retainGraph?: boolean | undefined;
  /**
   * Takes the gradient of a watched tensor as soon as it is whole. With it backward keeps as little
   * as it can: gradients are freed when they were taken, and what an op gave when it is undone.
   */
  readonly take?: ((tensor: Tensor, gradient: Tensor) => void) | undefined;
}

/**
 * Reverse-mode automatic differentiation over ops. {@link Tape.apply} runs an op and remembers it
 * where a gradient will be needed; {@link Tape.backward} runs the ops' own backward passes in
 * reverse. Only gradients that lead to a watched tensor are computed. The tape owns everything that
 * the ops allocated and frees it when it is disposed, activations' gradients as soon as they are
 * used.
 */
export class Tape implements Disposable {
  readonly random: RandomState | undefined;
  readonly calibrates: boolean;
  readonly #gpu: Gpu;
  readonly #watched: readonly Tensor[];
  readonly #options: TapeOptions;
  readonly #pending: Node[] = [];
  /** What is freed with the tape, or before: by tensor, what holds its memory. */
  readonly #owned = new Map<Tensor, Tensor>();
  /** Tensors through which a gradient flows. */
  readonly #active: Set<Tensor>;
  #records = true;
  #spent = false;
  /** Of a segment all that it reads: the gradients of the watched ones are whole once it is undone. */
  #read: Set<Tensor> | undefined;

  /** `watched` are the tensors whose gradients are wanted. */
  constructor(gpu: Gpu, watched: Iterable<Tensor> = [], options: TapeOptions = {}) {
    this.#gpu = gpu;
    this.#watched = [...watched];
    this.#active = new Set(this.#watched);
    this.#options = options;
    this.random = options.random;
    this.calibrates = options.calibrates ?? false;
  }

  /** Runs `op` forward and returns its outputs, which the tape owns. */
  apply<S extends Signature>(
    op: Launcher<S>,
    inputs: InputsOf<S, Tensor>,
    params: GivenParams<S>,
    layer: string,
  ): SavedOutputsOf<S, Tensor>;
  apply(
    op: Launcher,
    asked: Readonly<Record<string, Tensor | undefined>>,
    params: object,
    layer: string,
  ): Tensors {
    const { autocast: to } = this.#options;
    // Casts are recorded, so that gradients flow through them.
    const castRecorded: Parameters<typeof autocast>[3] = (x, target, name) =>
      this.apply(cast, { x }, { to: target }, `${layer}.${name}`).y;
    const inputs = to ? autocast(op.name, asked, to, castRecorded) : asked;
    const given = present(inputs);
    this.#note(Object.values(given));
    const variant = chooseVariant(this.#gpu, op, given);
    const outputs = op.forward(this.#gpu, inputs as Tensors, params, variant);
    const application: Application<Tensor> = {
      layer,
      op: op.signature,
      variant,
      params,
      inputs: given,
      outputs,
    };
    for (const tensor of Object.values<Tensor>(outputs)) this.#own(tensor);
    this.#show(application);
    const { recorder } = this.#options;
    if (recorder) recorder.call({ ...application, params: numbersNow(params) });
    if (this.#flowsFrom(Object.values(given))) {
      const saved = new SavedTensors(layer, given, outputs);
      this.#remember(Object.values(given), differentiable(op, outputs), (flow) => {
        saved.check();
        this.#propagate(op, application, flow);
      });
    }
    return outputs;
  }

  /** Owns a tensor that no op gave, and returns it. */
  adopt(tensor: Tensor): Tensor {
    this.#own(tensor);
    return tensor;
  }

  /** `x` with another shape, in the same memory; its gradient flows back to x. */
  view(x: Tensor, shape: Shape): Tensor {
    const result = x.view(shape);
    this.#note([x]);
    const { recorder } = this.#options;
    if (recorder) recorder.view(x, result);
    if (this.#flowsFrom([x])) {
      this.#remember([x], [result], (flow) => {
        const gradient = flow.get(result);
        if (gradient) this.#add(flow, x, this.#viewed(gradient, x.shape), 'view');
      });
    }
    return result;
  }

  /**
   * `value`, a rounding of `x`, in its place: the gradient of the result flows to x as it is (straight
   * through), in float32 if it comes in halves, and none to `value`.
   */
  straightThrough(x: Tensor, value: Tensor): Tensor {
    const result = value.view(x.shape);
    this.#note([x]);
    const { recorder } = this.#options;
    if (recorder) recorder.view(value, result);
    if (this.#flowsFrom([x])) {
      this.#remember([x], [result], (flow) => {
        const gradient = flow.get(result);
        if (gradient) this.#add(flow, x, this.#widened(gradient), 'straight through');
      });
    }
    return result;
  }

  /** Runs `part` without remembering it: no gradient flows through what it computes. */
  noGrad<T>(part: () => T): T {
    const before = this.#records;
    this.#records = false;
    try {
      return part();
    } finally {
      this.#records = before;
    }
  }

  /**
   * Runs `segment` and keeps nothing of it but its result; backward runs it again, with the same
   * random numbers, to have what it needs. It must record on the tape that it is given, and read
   * nothing that is changed before backward. What `hold` holds is held while it runs, and again
   * while it is undone.
   */
  checkpoint(segment: (tape: Tape) => Tensor, layer: string, hold?: () => Disposable): Tensor {
    using _held = hold?.();
    const { watch, recorder, random, autocast, calibrates } = this.#options;
    const start = random?.position as number; // asked for where there is a random state alone
    const once = new Tape(this.#gpu, [], { watch, recorder, random, autocast, calibrates });
    const read = new Set<Tensor>();
    once.#read = read;
    let result: Tensor;
    try {
      result = segment(once);
      once.#handOver(result, this);
    } finally {
      dropSegment(once);
    }
    this.#note(read);
    if (this.#flowsFrom(this.#watched)) {
      const parameters = this.#watched.map((tensor, i) => [`parameter ${i}`, tensor] as const);
      const saved = new SavedTensors(layer, Object.fromEntries(parameters));
      const sources = this.#watched.filter((tensor) => read.has(tensor));
      this.#remember(sources, [result], (flow) => {
        saved.check();
        using _heldAgain = hold?.();
        const again = () => this.#recompute(segment, result, flow, layer);
        if (random) random.from(start, again);
        else again();
        this.#releaseSpent(result, flow);
      });
    }
    return result;
  }

  /**
   * Gradients of the watched tensors that were not taken, given the gradient `seed` of `root`; the
   * tape owns them. Runs once, since what was recorded is spent, unless `retainGraph` keeps it for
   * another time. Throws AutogradError when it is spent, no watched tensor leads to the root, the
   * root depends on an output that its op has no gradient for, or a tensor that it needs was changed.
   */
  backward(
    root: Tensor,
    seed: Tensor,
    { retainGraph, take }: BackwardOptions = {},
  ): ReadonlyMap<Tensor, Tensor> {
    if (isSpent(this.#spent)) {
      refuseBackward(
        'tape-freed',
        'backward: this tape has run it before, and what was recorded is spent: give retainGraph the first time, or record forward on a new tape; gradients are added with GradientSum',
      );
    }
    if (!this.#active.has(root)) {
      refuseBackward(
        'backward-root',
        'backward: the root does not depend on any watched tensor: watch the parameters when the tape is made',
      );
    }
    this.#spent = !retains(retainGraph);
    const nodes = this.#spent ? this.#pending.splice(0) : this.#pending.slice();
    const flow: Flow = new Map([[root, seed]]);
    const wholeAfter = take && firstUses(nodes, this.#watched);
    for (const node of nodes.toReversed()) {
      if (node.results.some((tensor) => flow.has(tensor))) node.propagate(flow);
      for (const tensor of node.results) flow.delete(tensor);
      if (!take) continue;
      if (this.#spent && !this.#options.trace)
        for (const tensor of node.results) this.#release(tensor);
      for (const tensor of wholeAfter?.get(node) ?? []) this.#give(tensor, flow, take);
    }
    return flow;
  }

  /** Hands over the gradient of a watched tensor, if there is one, and frees it. */
  #give(tensor: Tensor, flow: Flow, take: NonNullable<BackwardOptions['take']>): void {
    const gradient = flow.get(tensor);
    if (!gradient) return;
    take(tensor, gradient);
    flow.delete(tensor);
    if (!this.#options.trace) this.#release(gradient);
  }

  /** Whether what is made of these tensors must be remembered. */
  #flowsFrom(inputs: readonly Tensor[]): boolean {
    return remembers(this.#records) && inputs.some((tensor) => this.#active.has(tensor));
  }

  #note(inputs: Iterable<Tensor>): void {
    if (this.#read) for (const tensor of inputs) this.#read.add(tensor);
  }

  #remember(
    sources: readonly Tensor[],
    results: readonly Tensor[],
    propagate: Node['propagate'],
  ): void {
    this.#pending.push({ sources, results, propagate });
    for (const tensor of results) this.#active.add(tensor);
  }

  #propagate(op: Launcher, application: Application<Tensor>, flow: Flow): void {
    const { layer, variant, params, inputs, outputs } = application;
    const grads = present(mapped(outputs, (tensor) => flow.get(tensor)));
    for (const name of Object.keys(grads)) {
      const instead = ruleOf(op.signature.outputs, name)?.instead;
      if (instead) {
        refuseBackward(
          'backward-output',
          `backward: ${op.name} of ${layer} has no gradient for its output ${name}: compute what needs one with ${instead}`,
        );
      }
    }
    const wants = new Set(
      Object.keys(inputs).filter((name) => this.#active.has(inputs[name] as Tensor)),
    );
    const context = { inputs, outputs, grads, params, wants, variant };
    const gradients = present(op.backward(this.#gpu, context));
    for (const tensor of Object.values(gradients)) this.#own(tensor);
    this.#show({ grads, wants: [...wants], gradients, ...application });
    for (const name of wants) {
      const gradient = gradients[name];
      if (!gradient) throw new InvariantError(`${op.name} of ${layer} gave no gradient of ${name}`);
      this.#add(flow, inputs[name] as Tensor, gradient, layer);
    }
    if (!this.#options.trace) for (const tensor of Object.values(grads)) this.#release(tensor);
  }

  #widened(gradient: Tensor): Tensor {
    if (!isHalf(gradient.dtype)) return gradient;
    const inputs = { x: gradient };
    const params = { to: 'float32' } as const;
    const outputs = cast.forward(this.#gpu, inputs, params);
    this.#own(outputs.y);
    const variant = chooseVariant(this.#gpu, cast);
    this.#show({
      ...{ layer: 'straight through', op: cast.signature, variant },
      ...{ params, inputs, outputs },
    });
    if (!this.#options.trace) this.#release(gradient);
    return outputs.y;
  }

  /** Frees the gradient of `result`, which was used, unless it is that of another tensor too. */
  #releaseSpent(result: Tensor, flow: Flow): void {
    if (this.#options.trace) return;
    const gradient = flow.get(result) as Tensor;
    const goesOn = [...flow].some(([tensor, one]) => tensor !== result && one === gradient);
    if (!goesOn) this.#release(gradient);
  }

  #recompute(segment: (tape: Tape) => Tensor, result: Tensor, flow: Flow, layer: string): void {
    // A batch is followed once.
    const options = { ...this.#options, recorder: undefined, calibrates: false };
    using again = new Tape(this.#gpu, this.#active, options);
    const root = segment(again);
    if (!again.#active.has(root)) return;
    for (const [tensor, gradient] of again.backward(root, flow.get(result) as Tensor)) {
      again.#handOver(gradient, this);
      this.#add(flow, tensor, gradient, layer);
    }
    // What is traced lives as long as this tape.
    if (this.#options.trace)
      for (const tensor of [...again.#owned.keys()]) again.#handOver(tensor, this);
  }

  /** A tensor that is used several times has the sum of the gradients of its uses. */
  #add(flow: Flow, tensor: Tensor, gradient: Tensor, layer: string): void {
    const before = flow.get(tensor);
    flow.set(tensor, before ? this.#sum(before, gradient, layer) : gradient);
  }

  #sum(a: Tensor, b: Tensor, layer: string): Tensor {
    const inputs = { a, b };
    const outputs = accumulateGrad.forward(this.#gpu, inputs, {});
    this.#own(outputs.y);
    this.#show({
      layer,
      op: accumulateGrad.signature,
      variant: chooseVariant(this.#gpu, accumulateGrad),
      params: {},
      inputs,
      outputs,
    });
    if (!this.#options.trace) for (const tensor of Object.values(inputs)) this.#release(tensor);
    return outputs.y;
  }

  #show(application: Application<Tensor>): void {
    const { trace, watch } = this.#options;
    if (trace) trace.push({ ...application, params: numbersNow(application.params) });
    watch?.(application);
  }

  #own(tensor: Tensor): void {
    this.#owned.set(tensor, tensor);
  }

  /** A gradient with another shape, which takes its place: what frees one frees the memory. */
  #viewed(gradient: Tensor, shape: Shape): Tensor {
    const result = gradient.view(shape);
    const holder = this.#owned.get(gradient);
    if (holder) {
      this.#owned.delete(gradient);
      this.#owned.set(result, holder);
    }
    return result;
  }

  #handOver(tensor: Tensor, to: Tape): void {
    const holder = this.#owned.get(tensor);
    if (!holder) return;
    this.#owned.delete(tensor);
    to.#owned.set(tensor, holder);
  }

  #release(tensor: Tensor): void {
    const holder = this.#owned.get(tensor);
    this.#owned.delete(tensor);
    holder?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const holder of this.#owned.values()) holder[Symbol.dispose]();
  }
}

/** By node the watched tensors that no node before it uses: undone, their gradients are whole. */
function firstUses(
  nodes: readonly Node[],
  watched: readonly Tensor[],
): ReadonlyMap<Node, readonly Tensor[]> {
  const left = new Set(watched);
  return new Map(nodes.map((node) => [node, node.sources.filter((tensor) => left.delete(tensor))]));
}

/**
 * The outputs that a gradient can flow into: floats, but for those that the op detaches as torch
 * does. One that flows into what torch does not detach is refused when it arrives.
 */
function differentiable({ signature }: Launcher, outputs: Tensors): Tensor[] {
  const names = Object.keys(outputs).filter((name) => {
    const { dtype } = outputs[name] as Tensor;
    const rule = ruleOf(signature.outputs, name);
    return isFloat(dtype) && (!rule?.detached || rule.instead !== undefined);
  });
  return names.map((name) => outputs[name] as Tensor);
}

/** Whether a tape remembers what it runs. */
const remembers = seam('tape.remembers', (records: boolean): boolean => records);

/** Whether a tape has nothing left to run backward. */
const isSpent = seam('tape.is_spent', (spent: boolean): boolean => spent);

/** Whether what was recorded is kept for another backward. */
const retains = seam(
  'tape.retains',
  (retainGraph: boolean | undefined): boolean | undefined => retainGraph,
);

/** Params with their live numbers as they are now: what an application is judged by. */
function numbersNow(params: object): object {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'function' ? value() : value,
    ]),
  );
}
