import type { TuningRow } from '../gpu/tuning.ts';
import { CONTENDERS } from './contender.ts';

/** What is measured before a run: the choices of everything, or those of fine-tuning. */
export type Measuring = 'measured' | 'measured-for-training';

/** How bench times. */
export interface BenchOptions {
  /** Globs over ids. */
  readonly filters: readonly string[];
  /** Only works that are quick, with fewer samples. */
  readonly quick: boolean;
  /** Runs before anything is timed. Default two, one where it is to be quick. */
  readonly warmUp?: number;
  /**
   * Batches that are timed of each contender, in one round each. Default as many as it takes to know
   * the medians.
   */
  readonly samples?: number;
  /** Whether the variants that ours does not choose are timed beside the one that it does. */
  readonly variants: boolean;
  /** By contender: only settings whose name has this text are tried, where there is one. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * By which table variants are chosen: the known one, what is measured here first (of all that
   * there is to choose, or of what fine-tuning asks for), or these rows.
   */
  readonly tuning: 'checked-in' | Measuring | readonly TuningRow[];
  /** Rows that were measured before, where what they have as unmeasured is to be measured now. */
  readonly measuredBefore?: readonly TuningRow[];
  /** A trial of the rule by which one is called slower, in place of the works. */
  readonly selfTest: boolean;
}

export const DEFAULT_BENCH_OPTIONS: BenchOptions = {
  filters: [],
  quick: false,
  variants: false,
  settings: {},
  tuning: 'checked-in',
  selfTest: false,
};

/** What differs from {@link DEFAULT_BENCH_OPTIONS} in how it times, as the command line spells it. */
export function timingOptions({
  warmUp,
  samples,
  variants,
  settings,
}: BenchOptions): readonly string[] {
  return [
    ...(warmUp === undefined ? [] : [`--warm-up ${warmUp}`]),
    ...(samples === undefined ? [] : [`--samples ${samples}`]),
    ...(variants ? ['--variants'] : []),
    ...Object.entries(settings).map(([contender, text]) => `--setting ${contender}=${text}`),
  ];
}

/** `webgpu=eager` as a contender and the text that a setting's name must have, if it is that. */
export function settingIn(text: string): readonly [contender: string, text: string] | undefined {
  const [, given, name] = /^([a-z-]+)=(.+)$/.exec(text) ?? [];
  const contender = CONTENDERS.find((one) => one === given);
  return contender === undefined || name === undefined ? undefined : [contender, name];
}

/** From and to what the numbers among the options may be. */
export const BENCH_LIMITS = { warmUp: [0, 1000], samples: [5, 1000] } as const;
