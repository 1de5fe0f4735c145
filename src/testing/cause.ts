/** Whose fault a result is: the rules are in docs/faults.md. */
export type Cause = 'kernel' | 'driver' | 'precision' | 'producer' | 'environment';

/**
 * How an op did when it was run once more on the inputs of the failure: right, wrong at the same
 * element first, or wrong elsewhere.
 */
export type Rerun = 'right' | 'same' | 'other';

/** What running a failed op again has shown. */
export interface Reruns {
  /**
   * The same variant on this adapter, in memory that was filled with NaN, on this device and on a
   * fresh one.
   */
  readonly again: readonly Rerun[];
  /**
   * Whether invocations of its kernels share memory, so that a race of the kernel may change
   * results from run to run.
   */
  readonly mayRace: boolean;
  /**
   * Whether this adapter is a fallback: the same software on every machine, on which every kernel
   * is right before it is released.
   */
  readonly onFallback: boolean;
  /** The same variant on another adapter; absent where the machine has none that could run it. */
  readonly elsewhere?: Rerun;
  /** Other variants that share no kernel with it, on this adapter. */
  readonly independent: readonly Rerun[];
  /** Whether the wrong value is within the bound of the half format that the op reads or writes. */
  readonly withinHalf: boolean;
}

/** What is known of a result. */
export interface CauseEvidence {
  /** Code of the skip, error or finding. */
  readonly code: string;
  readonly reruns?: Reruns;
}

/** Codes that speak of where a run happened, not of what was run. */
const ENVIRONMENT: ReadonlySet<string> = new Set([
  'insecure-context',
  'no-webgpu',
  'no-adapter',
  'adapter-timeout',
  'no-device',
  'device-lost',
  'out-of-memory',
  'missing-feature',
  'missing-library',
  'missing-backend',
  'worker-died',
  'browser-died',
  'scope-timeout',
  'missing-device',
  'bridge-unreachable',
  'bridge-closed',
  'bridge-timeout',
  'bridge-wrong-token',
  'bridge-worker-died',
]);

/** Applies the rules, the first that fits; undefined where none does: a guess is no attribution. */
export function causeOf({ code, reruns }: CauseEvidence): Cause | undefined {
  if (ENVIRONMENT.has(code)) return 'environment';
  if (code === 'producer-deviates') return 'producer';
  // WebGPU's internal error: valid work that the implementation could not do.
  if (code === 'gpu-internal') return 'driver';
  return reruns && causeOfReruns(reruns);
}

function causeOfReruns({
  again,
  mayRace,
  onFallback,
  elsewhere,
  independent,
  withinHalf,
}: Reruns): Cause | undefined {
  if (again.length === 0) return undefined;
  if (again.every((rerun) => rerun === 'right')) return mayRace ? undefined : 'driver';
  if (!again.every((rerun) => rerun === 'same')) return undefined;
  if (withinHalf) return 'precision';
  if (elsewhere === 'right') return 'driver';
  if (elsewhere === 'same' || onFallback || independent.includes('same')) return 'kernel';
  return undefined;
}
