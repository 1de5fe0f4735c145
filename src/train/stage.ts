import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Application } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { chooseVariant } from '../ops/variants.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';

/** Looks at the applications of a judged step while their tensors live. */
export type Judge = (applications: readonly Application<Tensor>[]) => Promise<void>;

/**
 * A part of an update: an op that changes tensors where they lie. All names are those of the op.
 */
export interface Stage {
  readonly op: Pick<Launcher, 'signature' | 'variants'>;
  /** The op's parameters at the step that was counted last. */
  readonly params: () => object;
  readonly reads: Tensors;
  /** Inputs that become outputs of the same names. */
  readonly changes: Tensors;
  /** Outputs that last longer than the update. */
  readonly writes?: Tensors;
  /** Records it, and returns what it made. */
  readonly run: () => Tensors;
}

/** Runs a stage and shows its results to `see`. */
export function runStage({ changes, writes, run }: Stage, see: (outputs: Tensors) => void): void {
  using made = new Scope();
  see({ ...changes, ...writes, ...made.addAll(run()) });
}

/** As {@link runStage}, with what went in and what came out shown to `judge`. */
export async function judgeStage(
  gpu: Gpu,
  stage: Stage,
  see: (outputs: Tensors) => void,
  judge: Judge,
): Promise<void> {
  const { op, params, reads, changes, writes, run } = stage;
  using scope = new Scope();
  const before = Object.fromEntries(
    Object.entries(changes).map(([name, tensor]) => [name, scope.add(tensor.clone())]),
  );
  const outputs = { ...changes, ...writes, ...scope.addAll(run()) };
  see(outputs);
  const inputs = { ...before, ...reads };
  const variant = chooseVariant(gpu, op, inputs);
  await judge([
    {
      layer: 'optimizer',
      op: op.signature,
      variant,
      params: params(),
      inputs,
      outputs,
    },
  ]);
}
