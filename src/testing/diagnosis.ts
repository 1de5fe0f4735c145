import type { Gpu } from '../gpu/gpu.ts';
import type { Reruns } from './cause.ts';
import type { FailedCall } from './failed-call.ts';
import { investigate, RerunnableCall } from './investigate.ts';
import { reproduce } from './reproduction.ts';
import { wrongPart } from './wrong-part.ts';

/** What running a failed call again gave. */
export interface Diagnosis {
  readonly reruns: Reruns;
  /** A parity bundle that fails when it is replayed. */
  readonly reproduction: Uint8Array<ArrayBuffer> | undefined;
  /** Which part of a composite op is wrong, where the error comes back. */
  readonly part: string | undefined;
}

/** What else a diagnosis needs to know. */
export interface DiagnosisTerms {
  /** The wrong element. */
  readonly index: readonly number[];
  readonly ieee: boolean;
  /** Nothing is begun after this time, as performance.now() has it. */
  readonly until: number;
}

/**
 * Runs failed calls again until its time is spent, so that a device on which everything fails does
 * not take ever longer to say so.
 */
export class Diagnostics {
  #leftMs: number;

  /** `budgetMs` is for all diagnoses together. */
  constructor(budgetMs: number) {
    this.#leftMs = budgetMs;
  }

  /** Undefined when the time is spent, or when the device does not live to tell. */
  async diagnose(
    gpu: Gpu,
    call: FailedCall,
    { index, ieee, until }: DiagnosisTerms,
  ): Promise<Diagnosis | undefined> {
    const started = performance.now();
    if (this.#leftMs <= 0 || started >= until) return undefined;
    try {
      const reruns = await investigate(gpu, new RerunnableCall(call, ieee), index, until);
      const comesBack = reruns.again.every((rerun) => rerun === 'same');
      const part = comesBack ? await wrongPart(gpu, call, ieee) : undefined;
      return { reruns, reproduction: await reproduce(gpu, call, index, ieee), part };
    } catch {
      return undefined;
    } finally {
      this.#leftMs -= performance.now() - started;
    }
  }
}
