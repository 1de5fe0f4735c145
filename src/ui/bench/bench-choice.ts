import {
  BENCH_LIMITS,
  type BenchOptions,
  DEFAULT_BENCH_OPTIONS,
  settingIn,
} from '../../bench/options.ts';
import type { PeerName } from '../../bench/peer-names.ts';
import type { BenchRequest } from '../../bench/request.ts';

/** What a person has chosen to time, as the fields hold it. */
export interface BenchChoice {
  readonly quick: boolean;
  /** Words between spaces: see {@link filtersIn}. */
  readonly filter: string;
  /** Libraries that were unchecked. */
  readonly without: readonly PeerName[];
  /** Digits, or nothing for the usual number. */
  readonly warmUp: string;
  readonly samples: string;
  /** `contender=text` between spaces: see {@link settingsIn}. */
  readonly settings: string;
  /** Whether variants of kernels are measured here first. */
  readonly measured: boolean;
  /** Whether the variants that are not chosen are timed, too. */
  readonly variants: boolean;
}

export const USUAL_CHOICE: BenchChoice = {
  quick: true,
  filter: '',
  without: [],
  warmUp: '',
  samples: '',
  settings: '',
  measured: false,
  variants: false,
};

/** The numbers that a person may set. */
export type BenchNumber = keyof typeof BENCH_LIMITS;

/** The globs that words stand for: one without a colon or a star is a part of an id. */
export function filtersIn(text: string): readonly string[] {
  return text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '!')
    .map((word) => {
      if (/[:*]/.test(word)) return word;
      return word.startsWith('!') ? `!*${word.slice(1)}*` : `*${word}*`;
    });
}

/** The number that a field holds: undefined for the usual one, NaN where it holds none. */
export function numberIn(name: BenchNumber, text: string): number | undefined {
  if (text.trim() === '') return undefined;
  const [least, most] = BENCH_LIMITS[name];
  const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : Number.NaN;
}

/** By contender the text of its settings' names; undefined where the field holds something else. */
export function settingsIn(text: string): BenchOptions['settings'] | undefined {
  const words = text.split(/\s+/).filter(Boolean);
  const settings = words.map(settingIn);
  return settings.every((setting) => setting !== undefined)
    ? Object.fromEntries(settings)
    : undefined;
}

/**
 * What is to be timed, beside whom of those that are installed; undefined where a field holds what
 * it may not.
 */
export function requestOf(
  { quick, filter, without, measured, variants, ...texts }: BenchChoice,
  installed: readonly PeerName[],
): BenchRequest | undefined {
  const warmUp = numberIn('warmUp', texts.warmUp);
  const samples = numberIn('samples', texts.samples);
  const settings = settingsIn(texts.settings);
  if (Number.isNaN(warmUp) || Number.isNaN(samples) || !settings) return undefined;
  const options: BenchOptions = {
    ...DEFAULT_BENCH_OPTIONS,
    quick,
    variants,
    filters: filtersIn(filter),
    settings,
    tuning: measured ? 'measured' : 'checked-in',
    ...(warmUp === undefined ? {} : { warmUp }),
    ...(samples === undefined ? {} : { samples }),
  };
  return { options, peers: installed.filter((name) => !without.includes(name)) };
}
