import { GradproofError } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { HostFault, ShaderFault } from '../reference/record.ts';
import { wrapSeam } from '../seam.ts';

/** Changes what a launcher receives: `seam` is `<op>.forward` or `<op>.backward`. */
export interface LaunchFault {
  // biome-ignore lint/suspicious/noExplicitAny: only the case knows a launcher's arguments.
  readonly launch: { readonly seam: string; readonly change: (args: any[]) => any[] };
}

/**
 * One way to break the code under test, as data. A unit test checks every fragment that is declared
 * against the linked shaders, and every seam against those that functions have. Values read back,
 * oracle and assertions are out of its reach.
 */
export type Fault = ShaderFault | LaunchFault | HostFault;

/** What the body of a case may break: the whole fault of a shader, the seam alone of a function. */
export type Breakable =
  | ShaderFault
  | { readonly launch: Pick<LaunchFault['launch'], 'seam'> }
  | { readonly host: Pick<HostFault['host'], 'seam'> };

/** Collects the faults of a control. */
export interface FaultDeclaration {
  /** Replaces a fragment that occurs once in the linked WGSL of `file`: {@link ShaderFault}. */
  shader(file: string, from: string, to: string): void;
  /** Changes what a launcher receives, as {@link LaunchFault}: `change` maps its arguments. */
  launch(seam: string, change: LaunchFault['launch']['change']): void;
  /** Wraps the named host function (packing, scheduling, parsing); `wrap` is called once a run. */
  host(seam: string, wrap: HostFault['host']['wrap']): void;
}

/** Collects the faults that `declare` names, in order, and breaks nothing. */
export function faultsOf(declare: (fault: FaultDeclaration) => void): readonly Fault[] {
  const faults: Fault[] = [];
  declare({
    shader: (file, from, to) => faults.push({ shader: { file, from, to } }),
    launch: (seam, change) => faults.push({ launch: { seam, change } }),
    host: (seam, wrap) => faults.push({ host: { seam, wrap } }),
  });
  return faults;
}

/** A fault that the case did not declare. */
class UndeclaredFaultError extends GradproofError {
  constructor(fault: Fault) {
    super(
      'undeclared-fault',
      `this case injects a fault ${placeOf(fault)} and does not declare it: name it in .injects()`,
    );
  }
}

/** Breaks a device and the host by faults that were declared, until it is disposed. */
export class FaultInjector implements Disposable {
  readonly #gpu: Gpu;
  readonly #declared: readonly Breakable[];
  readonly #undo: Disposable[] = [];

  constructor(gpu: Gpu, declared: readonly Breakable[]) {
    this.#gpu = gpu;
    this.#declared = declared;
  }

  /** Throws `undeclared-fault` for what is not declared, Error where two faults break one place. */
  inject(...faults: readonly Fault[]): void {
    for (const fault of faults) {
      if (!this.#declared.some((each) => declares(each, fault)))
        throw new UndeclaredFaultError(fault);
      this.#undo.push(this.#broken(fault));
    }
  }

  #broken(fault: Fault): Disposable {
    if ('shader' in fault) {
      const { file, from, to } = fault.shader;
      return this.#gpu.recorder.pipelines.edit(file, { from, to });
    }
    if ('host' in fault) return wrapSeam(fault.host.seam, fault.host.wrap);
    const { seam, change } = fault.launch;
    return wrapSeam(
      seam,
      (original) =>
        (...args) =>
          original(...change(args)),
    );
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo[Symbol.dispose]();
  }
}

/** Whether a declaration is that of `fault`: the same replacement, or the same seam. */
function declares(declared: Breakable, fault: Fault): boolean {
  if ('shader' in fault) {
    return (
      'shader' in declared &&
      declared.shader.file === fault.shader.file &&
      declared.shader.from === fault.shader.from &&
      declared.shader.to === fault.shader.to
    );
  }
  return 'launch' in fault
    ? 'launch' in declared && declared.launch.seam === fault.launch.seam
    : 'host' in declared && declared.host.seam === fault.host.seam;
}

function placeOf(fault: Fault): string {
  if ('shader' in fault) return `at "${fault.shader.from}" of ${fault.shader.file}`;
  return `in ${'launch' in fault ? fault.launch.seam : fault.host.seam}`;
}
