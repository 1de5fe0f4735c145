import * as v from 'valibot';

/** What the Trace Event Format (Google, 2016) asks of the events that a profile has. */

const whole = v.pipe(v.number(), v.integer());
const time = v.pipe(v.number(), v.finite(), v.minValue(0));
const track = { pid: whole, tid: whole, name: v.pipe(v.string(), v.nonEmpty()) };
const dispatchArgs = v.strictObject({ kernel: v.string(), bytes: whole, step: whole });

const metadata = v.strictObject({
  ...track,
  ph: v.literal('M'),
  name: v.picklist(['process_name', 'thread_name']),
  args: v.strictObject({ name: v.string() }),
});
const complete = v.strictObject({
  ...track,
  ph: v.literal('X'),
  cat: v.string(),
  ts: time,
  dur: time,
  args: v.optional(dispatchArgs),
});
const file = v.strictObject({
  displayTimeUnit: v.picklist(['ms', 'ns']),
  otherData: v.looseObject({ quantumNs: v.optional(v.number()) }),
  traceEvents: v.array(v.variant('ph', [metadata, complete])),
});

type Complete = v.InferOutput<typeof complete>;

/** An event of a dispatch. Microseconds. */
export type CompleteEvent = Complete & { readonly args: v.InferOutput<typeof dispatchArgs> };

/** A trace that was read. */
export interface Trace {
  /** What the format forbids, a line for each. */
  readonly faults: readonly string[];
  readonly steps: readonly Complete[];
  readonly events: readonly CompleteEvent[];
  readonly quantumNs: number | undefined;
}

/** Reads a trace as a viewer does. */
export function readTrace(data: Uint8Array): Trace {
  const read = v.safeParse(file, JSON.parse(new TextDecoder().decode(data)));
  if (!read.success) {
    const faults = read.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
    return { faults, steps: [], events: [], quantumNs: undefined };
  }
  const { traceEvents, otherData } = read.output;
  const all = traceEvents.filter((event) => event.ph === 'X');
  const named = new Set(traceEvents.flatMap((event) => (event.ph === 'M' ? [event.tid] : [])));
  const nameless = all.filter(({ tid }) => !named.has(tid));
  return {
    faults: [
      ...nameless.map(({ name, tid }) => `${name} is in track ${tid}, which has no name`),
      ...crossing(all),
    ],
    steps: all.filter(({ cat }) => cat === 'step'),
    events: all.filter((event): event is CompleteEvent => event.args !== undefined),
    quantumNs: otherData.quantumNs,
  };
}

/** Events of one track that overlap without one holding the other: a viewer drops one of them. */
function crossing(events: readonly Complete[]): readonly string[] {
  const faults: string[] = [];
  const open = new Map<number, Complete[]>();
  for (const event of events) {
    const stack = open.get(event.tid) ?? [];
    open.set(event.tid, stack);
    const endOf = ({ ts, dur }: Complete) => ts + dur;
    // Times are nanoseconds in floats of microseconds.
    const slack = endOf(event) * 2 ** -50;
    while (stack.length > 0 && endOf(stack.at(-1) as Complete) <= event.ts + slack) stack.pop();
    const outer = stack.at(-1);
    if (outer && endOf(event) > endOf(outer) + slack)
      faults.push(`${event.name} at ${event.ts} crosses ${outer.name} at ${outer.ts}`);
    stack.push(event);
  }
  return faults;
}

/** The events of the dispatches of a step, in order. */
export function dispatchesIn({ events }: Trace, step: number): readonly CompleteEvent[] {
  return events.filter(({ args }) => args.step === step);
}
