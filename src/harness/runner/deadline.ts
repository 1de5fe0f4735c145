import type { RunOptions } from '../../report/run-options.ts';

const MINUTE_MS = 60_000;

/** The code of what the run's deadline ended. */
export const RUN_DEADLINE = 'run-deadline';

/**
 * When a run ends at the latest: ten times what the tier may take on two cores, four times for the
 * long ones.
 */
const DEADLINES_MS = {
  quick: 10 * MINUTE_MS,
  full: 40 * MINUTE_MS,
  slow: 240 * MINUTE_MS,
} as const;

/** A time as people say it: in minutes, or in seconds below one. */
function durationInWords(ms: number): string {
  const [value, unit] = ms < MINUTE_MS ? [ms / 1000, 'seconds'] : [ms / MINUTE_MS, 'minutes'];
  return `${value.toLocaleString('en')} ${unit}`;
}

/**
 * Milliseconds after which the run ends, whatever happens; controls are a second run of every case.
 */
export function deadlineOf({ deadlineMs, tier, controls }: RunOptions): number {
  return deadlineMs ?? DEADLINES_MS[tier] * (controls ? 2 : 1);
}

/**
 * What a case without a result is told that `was` running at the run's deadline, or still waiting.
 */
export function atDeadline(
  options: RunOptions,
  was: 'running' | 'waiting',
): readonly [status: 'timeout' | 'lost', code: string, message: string] {
  const deadline = deadlineInWords(options);
  return was === 'running'
    ? [
        'timeout',
        RUN_DEADLINE,
        `it was running at ${deadline}: run it alone, or give the run more time with --deadline`,
      ]
    : [
        'lost',
        RUN_DEADLINE,
        `it was not run before ${deadline}: give the run more time with --deadline, or run fewer cases`,
      ];
}

/** The run's deadline, named in a message. */
export function deadlineInWords(options: RunOptions): string {
  return `the run's deadline of ${durationInWords(deadlineOf(options))}`;
}
