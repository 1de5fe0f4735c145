import { seam } from '../seam.ts';

/** A dispatch by the clock of the device, in nanoseconds. */
interface Dispatch {
  readonly kernel: string;
  readonly bytes: number;
  readonly begin: bigint;
  readonly end: bigint;
}

/** The dispatches of a step, in order. */
export interface ProfiledStep {
  readonly step: number;
  readonly dispatches: readonly Dispatch[];
}

/** Where the stamps were made. */
export interface ProfiledDevice {
  readonly adapter: string;
  /** Step of its clock, where it is known. Nanoseconds. */
  readonly quantumNs: number | undefined;
}

const PROCESS = 1;
const TRACKS = { steps: 1, dispatches: 2 } as const;

/** Microseconds, the unit of the format; sums of nanoseconds are exact for a hundred days. */
const microseconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1000;

/** A complete event: it has a begin and how long it took. */
const completeEvent = seam(
  'formats.complete_event',
  (track: number, begin: bigint, end: bigint, more: object) => ({
    ph: 'X',
    pid: PROCESS,
    tid: track,
    ts: microseconds(begin),
    dur: microseconds(end - begin),
    ...more,
  }),
);

const named = (what: 'process_name' | 'thread_name', tid: number, name: string) => ({
  ph: 'M',
  pid: PROCESS,
  tid,
  name: what,
  args: { name },
});

/**
 * Steps as JSON of the Trace Event Format ("Trace Event Format", Google, 2016), which Perfetto and
 * chrome://tracing open: a track of steps, each from its first stamp to its last, and one of
 * dispatches, with kernel and bytes. Times are microseconds since the first stamp.
 */
export function writeChromeTrace(
  { adapter, quantumNs }: ProfiledDevice,
  steps: readonly ProfiledStep[],
): string {
  const start = steps.flatMap(({ dispatches }) => dispatches)[0]?.begin ?? 0n;
  const events = steps.flatMap(({ step, dispatches }) => {
    const [first] = dispatches;
    const last = dispatches.at(-1);
    if (!first || !last) return [];
    const name = `step ${step}`;
    return [
      completeEvent(TRACKS.steps, first.begin - start, last.end - start, { name, cat: 'step' }),
      ...dispatches.map(({ kernel, bytes, begin, end }) =>
        completeEvent(TRACKS.dispatches, begin - start, end - start, {
          name: kernel,
          cat: kernel.split('/')[0],
          args: { kernel, bytes, step },
        }),
      ),
    ];
  });
  return JSON.stringify({
    displayTimeUnit: 'ns',
    otherData: {
      adapter,
      clock: 'timestamp-query',
      ...(quantumNs === undefined ? {} : { quantumNs }),
      steps: steps.length,
      dispatches: steps.reduce((sum, { dispatches }) => sum + dispatches.length, 0),
    },
    traceEvents: [
      named('process_name', TRACKS.steps, adapter),
      named('thread_name', TRACKS.steps, 'steps'),
      named('thread_name', TRACKS.dispatches, 'dispatches'),
      ...events,
    ],
  });
}
