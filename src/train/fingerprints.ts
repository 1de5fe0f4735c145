import type { Gpu } from '../gpu/gpu.ts';
import { fingerprintInto, fingerprintLanes } from '../ops/bits/fingerprint.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';

/**
 * Two sums of the bits of each tensor that a step computed, in the order of its ops: equal bits
 * give equal sums.
 */
export type StepFingerprints = Uint32Array;

/** Bytes that a lane writes: two words. */
const LANE_BYTES = 8;
/**
 * Lanes come by the 64, so that each tensor's begin at a multiple of 256 bytes, where a binding
 * may.
 */
const PAGE_LANES = 32 * 1024;
/** Bytes in which memory for sums is taken. */
export const FINGERPRINT_PAGE_BYTES = PAGE_LANES * LANE_BYTES;

/** Memory for sums, and how many of its lanes have some. */
interface Page {
  readonly memory: Tensor;
  used: number;
}

/** Sums of one tensor, wherever they lie. */
interface Sums {
  readonly page: number;
  /** First lane in the page, and how many there are. */
  readonly at: number;
  readonly lanes: number;
}

/** Memory in which a captured step leaves its sums each time; what captures the step owns it. */
export class StepSums implements Disposable {
  readonly memory: Tensor;
  /** Lanes of each tensor, in the order in which the step makes them. */
  readonly lanes: readonly number[];

  constructor(memory: Tensor, lanes: readonly number[]) {
    this.memory = memory;
    this.lanes = lanes;
  }

  [Symbol.dispose](): void {
    this.memory[Symbol.dispose]();
  }
}

/**
 * Evidence of a training run: with every op a small dispatch sums the bits of its results, and the
 * sums wait on the device until they are read with the losses. A fault that does not come back
 * leaves no trace but these.
 */
export class Fingerprints implements Disposable {
  readonly #gpu: Gpu;
  readonly #pages: Page[] = [];
  /**
   * Each tensor that was seen since the last reading, and how many tensors there were at the end of
   * each step.
   */
  #sums: Sums[] = [];
  #ends: number[] = [];
  /** Where the sums of a step go that is captured: to the next lanes of this memory. */
  #recording: { readonly memory: Tensor; used: number } | undefined;
  /** Lanes of the tensors of a step that is only traced. */
  #counting: number[] | undefined;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Records the sums of tensors, word by word. */
  see(tensors: Tensors): void {
    for (const tensor of Object.values(tensors)) {
      const lanes = fingerprintLanes(tensor.bytes);
      if (this.#counting) this.#counting.push(lanes);
      else fingerprintInto(this.#gpu, tensor, this.#placeOf(lanes));
    }
  }

  /** What is seen from here on belongs to the next step. */
  endStep(): void {
    this.#ends.push(this.#sums.length);
  }

  /** Memory for the sums of a step that is to be captured, as `trace` shows it, which runs nothing. */
  sumsOf(trace: () => void): StepSums {
    const lanes: number[] = [];
    this.#counting = lanes;
    try {
      trace();
    } finally {
      this.#counting = undefined;
    }
    return new StepSums(Tensor.empty(this.#gpu, 'u32', [total(lanes), 2]), lanes);
  }

  /** Records a step that is captured: its sums go to memory of its own. */
  recordInto({ memory }: StepSums, record: () => void): void {
    this.#recording = { memory, used: 0 };
    try {
      record();
    } finally {
      this.#recording = undefined;
    }
  }

  /** Keeps the sums of a captured step that has run, before they are overwritten. */
  keep({ memory, lanes }: StepSums): void {
    this.#place(lanes).copyFrom(memory);
  }

  /**
   * Waits for the queue and returns the sums since the last reading, a step an array; the last may
   * be of a step that has not ended.
   */
  async read(): Promise<readonly StepFingerprints[]> {
    if (this.#sums.length === 0) return [];
    const pages: Uint32Array[] = [];
    for (const { memory, used } of this.#pages)
      pages.push((await memory.view([used, 2]).read()).data as Uint32Array);
    const totals = this.#sums.flatMap(({ page, at, lanes }) => {
      const words = pages[page] as Uint32Array;
      const sums = new Uint32Array(2);
      for (let i = 2 * at; i < 2 * (at + lanes); i++)
        sums[i % 2] = (sums[i % 2] as number) + (words[i] as number);
      return [...sums];
    });
    const ends =
      this.#ends.at(-1) === this.#sums.length ? this.#ends : [...this.#ends, this.#sums.length];
    let start = 0;
    const steps = ends.map((end) => {
      const own = Uint32Array.from(totals.slice(2 * start, 2 * end));
      start = end;
      return own;
    });
    this.#clear();
    return steps;
  }

  /** A place in a page for the sums of tensors of these lanes, one after the other. */
  #place(tensors: readonly number[]): Tensor {
    const count = total(tensors);
    let page = this.#pages.at(-1);
    if (!page || page.used + count > (page.memory.shape[0] as number)) {
      const lanes = Math.max(PAGE_LANES, count);
      page = { memory: Tensor.empty(this.#gpu, 'u32', [lanes, 2]), used: 0 };
      this.#pages.push(page);
    }
    const view = page.memory.view([count, 2], { offset: page.used * LANE_BYTES });
    for (const lanes of tensors) {
      this.#sums.push({ page: this.#pages.length - 1, at: page.used, lanes });
      page.used += lanes;
    }
    return view;
  }

  #placeOf(lanes: number): Tensor {
    if (!this.#recording) return this.#place([lanes]);
    const { memory, used } = this.#recording;
    this.#recording.used += lanes;
    return memory.view([lanes, 2], { offset: used * LANE_BYTES });
  }

  #clear(): void {
    for (const { memory } of this.#pages.splice(0)) memory[Symbol.dispose]();
    [this.#sums, this.#ends] = [[], []];
  }

  [Symbol.dispose](): void {
    this.#clear();
  }
}

const total = (lanes: readonly number[]): number => lanes.reduce((sum, count) => sum + count, 0);
