import type { Gpu } from '../gpu/gpu.ts';
import type { PagedMemory } from '../gpu/paged-memory.ts';
import { Scope } from '../gpu/scope.ts';
import type { Application } from '../graph/call.ts';
import type { Launcher } from '../ops/launcher.ts';
import { chooseVariant } from '../ops/variants.ts';
import { seam } from '../seam.ts';
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

/** Takes what stages have changed to the host, where it lies. */
const keep = seam('train.keep_on_host', (memory: PagedMemory) => memory.keep());

/**
 * Runs stages one after the other, each while what it changes is on the device, and takes that to the
 * host afterwards, where it lies there; what the next stage changes too stays in between.
 */
export async function runHolding(
  stages: readonly Stage[],
  run: (stage: Stage) => void | Promise<void>,
): Promise<void> {
  const held = new Map<PagedMemory, Disposable>();
  const pagedIn = (stage: Stage | undefined) =>
    new Set(Object.values(stage?.changes ?? {}).flatMap(({ paged }) => paged ?? []));
  try {
    for (const [i, stage] of stages.entries()) {
      const own = pagedIn(stage);
      for (const memory of own) if (!held.has(memory)) held.set(memory, memory.hold());
      await run(stage);
      const next = pagedIn(stages[i + 1]);
      const done = [...own].filter((memory) => !next.has(memory));
      await Promise.all(done.map(keep));
      for (const memory of done) {
        held.get(memory)?.[Symbol.dispose]();
        held.delete(memory);
      }
    }
  } finally {
    for (const one of held.values()) one[Symbol.dispose]();
  }
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
