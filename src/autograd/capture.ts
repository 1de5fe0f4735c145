import { writtenDirectly } from '../gpu/direct-writes.ts';
import { fused } from '../gpu/fusion.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Allocation } from '../gpu/memory.ts';
import { Program, type ProgramPlan, planProgram } from '../gpu/program.ts';
import { type Command, refuse } from '../gpu/trace.ts';
import { differenceOf } from '../gpu/trace-difference.ts';
import { seam } from '../seam.ts';
import type { HostTensor, HostTensors } from '../tensor/host.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor, Tensors } from '../tensor/tensor.ts';

/** How a step is captured. */
export interface CaptureOptions<In extends Tensors> {
  /** Tensors through which each run gets what is new to it. Default none. */
  readonly inputs?: In;
  /** Whether elementwise kernels are fused. Default true. */
  readonly fuse?: boolean;
}

/** A traced step and the memory that it will need; nothing is allocated for it yet. */
export interface StepPlan<In extends Tensors, Out extends Tensors> {
  readonly commands: readonly Command[];
  readonly memory: ProgramPlan;
  readonly inputs: In;
  readonly outputs: Out;
}

/**
 * Traces `step` without running it, fuses what can be, and plans its memory. The step must do on
 * the host what it does each time: numbers that change are live (LiveNumber) or come through
 * `inputs`; it is traced twice, and what differs is refused. What it returns is its outputs; it
 * must free everything else that it makes. Throws CaptureError.
 */
export async function planStep<In extends Tensors, Out extends Tensors>(
  gpu: Gpu,
  step: (inputs: In) => Out,
  options: CaptureOptions<In> = {},
): Promise<StepPlan<In, Out>> {
  const { inputs = {} as In, fuse = true } = options;
  const { trace, result: outputs } = gpu.trace(() => step(inputs));
  const difference = differenceOf(trace, gpu.trace(() => step(inputs)).trace);
  if (difference) {
    const advice =
      'a capture would repeat the first: give the number as a function, or what changes as an input';
    refuse('capture-varies', `two runs of the step differ: ${difference}; ${advice}`);
  }
  const kept = new Set<Allocation>(
    Object.values<Tensor>(outputs).map(({ binding }) => binding.memory),
  );
  const leaked = trace.allocations.filter(
    (allocation) => !allocation.freed && !kept.has(allocation),
  );
  if (leaked[0]) {
    const message = `the step neither frees nor returns ${leaked.length} of its tensors, the first of ${leaked[0].bytes} bytes`;
    refuse(
      'capture-leak',
      `${message}: give them to a tape or to "using", or return them as outputs`,
    );
  }
  const mostBindings = gpu.limits['maxStorageBuffersPerShaderStage'] as number;
  const launched = fuse ? await fused(trace.commands, kept, mostBindings) : trace.commands;
  const commands = writtenDirectly(launched, kept);
  const largest = gpu.limits['maxBufferSize'] as number;
  return { commands, memory: planProgram(commands, kept, largest), inputs, outputs };
}

const writeInput = seam('capture.write_input', (input: Tensor, host: HostTensor) =>
  input.write(host),
);

/**
 * A step that is replayed. It owns its arena, in which the outputs lie: they hold what the last run
 * gave.
 */
export class CapturedStep<In extends Tensors = Tensors, Out extends Tensors = Tensors>
  implements Disposable
{
  readonly outputs: Out;
  readonly #gpu: Gpu;
  readonly #inputs: In;
  readonly #program: Program;

  constructor(gpu: Gpu, { commands, memory, inputs, outputs }: StepPlan<In, Out>) {
    this.#gpu = gpu;
    this.#inputs = inputs;
    this.#program = new Program(gpu, commands, memory);
    this.outputs = outputs;
  }

  /** Bytes of its arena, and the least that any plan of the same step needs. */
  get memory(): { readonly arenaBytes: number; readonly leastBytes: number } {
    return { arenaBytes: this.#program.plan.bytes, leastBytes: this.#program.plan.leastBytes };
  }

  /** Commands of one run. */
  get length(): number {
    return this.#program.commands.length;
  }

  /**
   * Writes the inputs that are given, the others stay as they are, and records the step; nothing is
   * submitted and nothing is awaited. Throws CaptureError when an input has another shape or type
   * than the captured one, or a tensor that the step uses was freed.
   */
  run(inputs: HostTensors = {}): Out {
    for (const [name, host] of Object.entries(inputs)) {
      const input = this.#inputs[name];
      if (input && input.dtype === host.dtype && sameShape(input.shape, host.shape)) {
        writeInput(input, host);
      } else {
        const was = input
          ? `${input.dtype} ${formatShape(input.shape)}`
          : `one of ${Object.keys(this.#inputs).join(', ') || 'none'}`;
        const message = `input ${name} is ${host.dtype} ${formatShape(host.shape)} and was ${was} when the step was captured`;
        refuse('capture-shape', `${message}: capture the step again`);
      }
    }
    this.#program.begin();
    this.#gpu.recorder.replay(this.#program);
    return this.outputs;
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
  }
}

/** Plans and captures a step: see {@link planStep}. The caller owns it. */
export async function capture<In extends Tensors, Out extends Tensors>(
  gpu: Gpu,
  step: (inputs: In) => Out,
  options?: CaptureOptions<In>,
): Promise<CapturedStep<In, Out>> {
  return new CapturedStep(gpu, await planStep(gpu, step, options));
}
