import type { Page } from '@playwright/test';

/** A task of the page's main thread. */
export interface Task {
  /** Processor time that it took. Milliseconds. */
  readonly cpuMs: number;
  /** The longest parts of it, as the browser names them. */
  readonly parts: readonly string[];
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Processor time of the thread, microseconds. */
  readonly tdur?: number;
  readonly args: {
    readonly name?: string;
    readonly data?: { readonly url?: string; readonly functionName?: string };
  };
}

/** What people notice as a hitch. Milliseconds. */
export const LONG_TASK_MS = 50;
/** Attempts, since what a busy machine adds to a task differs from one to the next. */
const ATTEMPTS = 3;

/** The parts of so many tasks are told. */
const TOLD = 10;

/**
 * Room for minutes of work; what a browser takes by itself is full after seconds, and the rest is
 * lost without a word.
 */
const ROOM_KB = 1_000_000;
const CATEGORIES = ['toplevel', 'devtools.timeline', 'v8.execute'];

/**
 * The tasks of the main thread during `work` that people notice, of the first attempt without one,
 * or else of the last: a task that is the page's own doing is in each.
 */
export async function longTasksDuring(
  page: Page,
  work: () => Promise<void>,
): Promise<readonly Task[]> {
  let found: readonly Task[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const tasks = await tasksDuring(page, work);
    if (tasks.length === 0) throw new Error('the page did nothing that a trace shows');
    found = tasks.filter(({ cpuMs }) => cpuMs > LONG_TASK_MS);
    if (found.length === 0) break;
  }
  return found;
}

/**
 * The tasks of the main thread during `work`, the longest first. Throws when the browser lost a part
 * of what it saw.
 */
export async function tasksDuring(page: Page, work: () => Promise<void>): Promise<readonly Task[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error('the page belongs to no browser that could be traced');
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) =>
    events.push(...(value as unknown as readonly TraceEvent[])),
  );
  const ended = new Promise<boolean>((resolve) =>
    session.on('Tracing.tracingComplete', ({ dataLossOccurred }) => resolve(dataLossOccurred)),
  );
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      recordMode: 'recordUntilFull',
      traceBufferSizeInKb: ROOM_KB,
      includedCategories: CATEGORIES,
      excludedCategories: ['*'],
    },
  });
  try {
    await work();
  } finally {
    await session.send('Tracing.end');
  }
  const lost = await ended;
  await session.detach();
  if (lost) throw new Error('the browser lost a part of the trace');
  return tasksOf(events);
}

function tasksOf(events: readonly TraceEvent[]): readonly Task[] {
  const threads = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(threadOf),
  );
  // The renderer with the most work is the page; others are spare ones.
  const timed = events.filter(
    (event) => event.ph === 'X' && event.dur !== undefined && threads.has(threadOf(event)),
  );
  const totals = new Map<string, number>();
  for (const event of timed.filter(isTask))
    totals.set(threadOf(event), (totals.get(threadOf(event)) ?? 0) + cpuOf(event));
  const [main] = [...totals].sort(([, a], [, b]) => b - a)[0] ?? [];
  const mine = timed.filter((event) => threadOf(event) === main);
  return mine
    .filter(isTask)
    .sort((a, b) => cpuOf(b) - cpuOf(a))
    .map((task, i) => ({ cpuMs: cpuOf(task), parts: i < TOLD ? partsOf(task, mine) : [] }));
}

function partsOf(task: TraceEvent, events: readonly TraceEvent[]): readonly string[] {
  const within = events.filter(
    (event) =>
      event !== task &&
      !isTask(event) &&
      event.ts >= task.ts &&
      event.ts < task.ts + (task.dur ?? 0),
  );
  return within
    .sort((a, b) => cpuOf(b) - cpuOf(a))
    .slice(0, 6)
    .map(
      ({ name, args, ...event }) =>
        `${name} ${args.data?.functionName ?? ''} ${args.data?.url ?? ''} ${cpuOf(event).toFixed(1)} ms`,
    );
}

function isTask({ name }: TraceEvent): boolean {
  return name === 'ThreadControllerImpl::RunTask';
}

function cpuOf({ tdur, dur }: Pick<TraceEvent, 'tdur' | 'dur'>): number {
  return (tdur ?? dur ?? 0) / 1000;
}

function threadOf({ pid, tid }: TraceEvent): string {
  return `${pid}:${tid}`;
}
