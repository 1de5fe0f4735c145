import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';
import { STAGING, USAGE } from './usage.ts';

/** What a dispatch runs, and what it is given. */
export interface NamedDispatch {
  /** The file of the kernel, and what it is linked with: `matmul/quad fours`. */
  readonly kernel: string;
  /** Of all that it binds, uniforms left out. */
  readonly bytes: number;
}

/** A dispatch by the clock of the device. Nanoseconds since a start that only the device knows. */
export interface TimedDispatch extends NamedDispatch {
  readonly begin: bigint;
  readonly end: bigint;
}

/** The device cannot stamp its work, or does it wrongly. */
export class TimestampError extends GradproofError {
  constructor(code: 'missing-feature' | 'bad-timestamps', what: string) {
    super(code, `${what}: leave out --profile, or use another adapter (npm start -- doctor)`);
  }
}

/** Dispatches between two submits: a query set holds 4096 stamps, two for each. */
const MOST = 2048;
const STAMP_BYTES = 8;

/** Stamps of one submit, on their way to the host. */
interface Waiting {
  readonly staging: GPUBuffer;
  readonly dispatches: readonly NamedDispatch[];
}

/** A dispatch with the stamps of its pass. */
const stamped = seam(
  'gpu.stamped',
  (dispatch: NamedDispatch, begin: bigint, end: bigint): TimedDispatch => ({
    kernel: dispatch.kernel,
    bytes: dispatch.bytes,
    begin,
    end,
  }),
);

/** Stamps the passes of a recorder that holds it, a pass for each dispatch. */
export class DispatchTimer implements Disposable {
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  /** Recorded, and not submitted. */
  #recorded: NamedDispatch[] = [];
  #submitted: Waiting[] = [];

  /** Throws TimestampError where the device has no timestamps. */
  constructor(device: GPUDevice) {
    if (!device.features.has('timestamp-query'))
      throw new TimestampError('missing-feature', 'this adapter has no timestamp-query');
    this.#device = device;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: 2 * MOST });
    this.#resolved = device.createBuffer({
      size: 2 * MOST * STAMP_BYTES,
      usage: USAGE.queryResolve | USAGE.copySrc,
    });
  }

  /** Whether there is room for another dispatch before the next submit. */
  get isFull(): boolean {
    return this.#recorded.length === MOST;
  }

  /** The pass of a dispatch that is recorded next. */
  passOf(dispatch: NamedDispatch): GPUComputePassDescriptor {
    const at = 2 * (this.#recorded.push(dispatch) - 1);
    return {
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: at,
        endOfPassWriteIndex: at + 1,
      },
    };
  }

  /** Takes the stamps of what was recorded out, as the last commands of a submit. */
  resolve(encoder: GPUCommandEncoder): void {
    const dispatches = this.#recorded.splice(0);
    if (dispatches.length === 0) return;
    const count = 2 * dispatches.length;
    const size = count * STAMP_BYTES;
    const staging = this.#device.createBuffer({ size, usage: STAGING });
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, size);
    this.#submitted.push({ staging, dispatches });
  }

  /** Forgets what was recorded and not submitted. */
  discard(): void {
    this.#recorded = [];
  }

  /** Waits for all that was submitted since it was last read, and returns it in order. */
  async read(): Promise<readonly TimedDispatch[]> {
    const waiting = this.#submitted.splice(0);
    const timed: TimedDispatch[] = [];
    try {
      for (const { staging, dispatches } of waiting) {
        await staging.mapAsync(1);
        const stamps = new BigUint64Array(staging.getMappedRange());
        for (const [i, dispatch] of dispatches.entries())
          timed.push(stamped(dispatch, stamps[2 * i] as bigint, stamps[2 * i + 1] as bigint));
      }
    } finally {
      for (const { staging } of waiting) staging.destroy();
    }
    return timed;
  }

  [Symbol.dispose](): void {
    this.#queries.destroy();
    this.#resolved.destroy();
    for (const { staging } of this.#submitted) staging.destroy();
  }
}
