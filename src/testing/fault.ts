import type { Gpu } from '../gpu/gpu.ts';
import type { RecordFault } from '../reference/record.ts';
import { wrapSeam } from '../seam.ts';

/** The ways in which a control may break the code under test. Values read back, oracle and assertions are out of its reach. */
export interface FaultInjector {
  /** Replaces a fragment that occurs exactly once in the linked WGSL of `file` (path in shaders/ without extension). */
  shader(file: string, from: string, to: string): void;
  /** Changes what the launcher `op` receives: `seam` is `<op>.forward` or `<op>.backward`, `change` maps its argument list. */
  // biome-ignore lint/suspicious/noExplicitAny: a launcher's arguments are the business of the case that breaks them.
  launch(seam: string, change: (args: any[]) => any[]): void;
  /** Wraps the named host function (packing, scheduling, parsing). */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  host(name: string, wrap: (original: (...args: any[]) => any) => (...args: any[]) => any): void;
}

/** Injects the fault of an op's record. */
export function injectRecordFault(injector: FaultInjector, fault: RecordFault): void {
  if ('shader' in fault) injector.shader(fault.shader.file, fault.shader.from, fault.shader.to);
  else injector.host(fault.host.seam, fault.host.wrap);
}

/** Applies the faults of one control to a device, until it is disposed. */
export class InjectedFaults implements FaultInjector, Disposable {
  readonly #gpu: Gpu;
  readonly #undo: Disposable[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  shader(file: string, from: string, to: string): void {
    this.#undo.push(this.#gpu.recorder.pipelines.edit(file, { from, to }));
  }

  // biome-ignore lint/suspicious/noExplicitAny: see FaultInjector.
  launch(name: string, change: (args: any[]) => any[]): void {
    this.#undo.push(
      wrapSeam(
        name,
        (original) =>
          (...args) =>
            original(...change(args)),
      ),
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: see FaultInjector.
  host(name: string, wrap: (original: (...args: any[]) => any) => (...args: any[]) => any): void {
    this.#undo.push(wrapSeam(name, wrap));
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo[Symbol.dispose]();
  }
}
