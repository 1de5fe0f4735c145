import { GradproofError, InvariantError } from '../errors.ts';
import { seam } from '../seam.ts';
import { type Allocation, type Place, wholeWords } from './memory.ts';
import type { Launch } from './recorder.ts';
import { bindingLayout } from './shader.ts';

/** What a step asked of the device. */
export type Command =
  | { readonly kind: 'dispatch'; readonly launch: Launch }
  | { readonly kind: 'copy'; readonly from: Place; readonly to: Place; readonly bytes: number };

/** Something in a step that a replay could not repeat. */
export class CaptureError extends GradproofError {
  constructor(
    code:
      | 'capture-read'
      | 'capture-write'
      | 'capture-async'
      | 'capture-varies'
      | 'capture-stale'
      | 'capture-leak'
      | 'capture-shape',
    message: string,
  ) {
    super(code, message);
  }
}

/** Throws {@link CaptureError}. A seam, so that a control can let through what is refused. */
export const refuse = seam(
  'capture.refuse',
  (...reason: ConstructorParameters<typeof CaptureError>): void => {
    throw new CaptureError(...reason);
  },
);

/** Memory that a traced step asked for. It has no place until a plan gives it one. */
export class TracedAllocation implements Allocation {
  readonly bytes: number;
  readonly guardBytes = 0;
  version = 0;
  /** Bytes that the host wrote into it: the same at each replay. */
  content: Uint8Array | undefined;
  freed = false;
  #place: { readonly buffer: GPUBuffer; readonly offset: number } | undefined;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  get buffer(): GPUBuffer {
    return this.#placed.buffer;
  }

  get offset(): number {
    return this.#placed.offset;
  }

  put(buffer: GPUBuffer, offset: number): void {
    this.#place = { buffer, offset };
  }

  get #placed() {
    if (!this.#place)
      throw new InvariantError('memory of a traced step was used before it had a place');
    return this.#place;
  }
}

/** What the commands launch, in order. */
export function launchesIn(commands: readonly Command[]): readonly Launch[] {
  return commands.flatMap((command) => (command.kind === 'dispatch' ? [command.launch] : []));
}

/**
 * Takes the place of memory and recorder while a step is traced: nothing is allocated and nothing
 * runs.
 */
export class Trace {
  readonly commands: Command[] = [];
  readonly allocations: TracedAllocation[] = [];

  allocate(bytes: number): Allocation {
    const allocation = new TracedAllocation(wholeWords(bytes));
    this.allocations.push(allocation);
    return allocation;
  }

  free(allocation: Allocation): void {
    if (allocation instanceof TracedAllocation) allocation.freed = true;
    else
      refuse(
        'capture-varies',
        'a captured step frees memory from outside, which a replay cannot do again: free it after the step',
      );
  }

  dispatch(launch: Launch): void {
    this.commands.push({ kind: 'dispatch', launch });
  }

  copy(from: Place, to: Place, bytes: number): void {
    this.commands.push({ kind: 'copy', from, to, bytes });
  }

  write(target: Allocation, bytes: Uint8Array): void {
    if (target instanceof TracedAllocation) target.content = bytes.slice();
    else
      refuse(
        'capture-write',
        'a captured step writes from the host to memory from outside, which a replay would not do again: write inputs before the step runs',
      );
  }

  read(): void {
    refuse(
      'capture-read',
      'a captured step reads from the device, and a replay cannot branch on what it finds: read after the step',
    );
  }
}

/** Places that a command reads and writes; what it changes in place is written. */
export function touched(command: Command): {
  readonly read: readonly Place[];
  readonly written: readonly Place[];
} {
  if (command.kind === 'copy') return { read: [command.from], written: [command.to] };
  const { shader, bindings } = command.launch;
  const { written } = bindingLayout(shader);
  return {
    read: bindings.filter((_, i) => !written.has(i)),
    written: bindings.filter((_, i) => written.has(i)),
  };
}
