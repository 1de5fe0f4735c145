import type { RunEvent, RunListener } from '../../harness/events.ts';
import { plainText } from '../../report/plain-text.ts';
import type { CaseResult, Status } from '../../report/schema.ts';
import { paint, type Voice } from './voice.ts';

const REDRAW_MS = 100;
/** Columns kept free for the longest verdict. */
const VERDICT_COLUMNS = 14;
const COLOURS: Readonly<Record<Status, 'green' | 'red' | 'yellow'>> = {
  pass: 'green',
  fail: 'red',
  skip: 'yellow',
  error: 'red',
  timeout: 'red',
  lost: 'red',
};

/**
 * Shows a run while it goes on: a table of suites on a terminal, a line for each case elsewhere.
 */
export function showProgress(voice: Voice): RunListener {
  return voice.live ? liveTable(voice) : plainLines(voice);
}

function plainLines(voice: Voice): RunListener {
  return (event) => {
    if (event.type === 'start') voice.say(`${event.selected.length} cases`);
    if (event.type === 'case-end') voice.say(lineOf(voice, event.result));
    if (event.type === 'hang') voice.say(`${event.id} hangs: ending what runs it and going on`);
  };
}

/** `pass     1.2 ms  id`, and below it what went wrong. */
function lineOf(voice: Voice, result: CaseResult): string {
  const { status, durationMs, error, skip, finding, fault } = result;
  const details = [
    error && `${error.code}: ${error.message}`,
    skip && `${skip.code}: ${skip.detail}`,
    finding && `${finding.code}: ${finding.message}`,
    fault && status !== 'skip' && `whose fault: ${fault}`,
  ];
  const head = `${paint(voice, COLOURS[status], status.padEnd(7))} ${`${durationMs.toFixed(0)} ms`.padStart(9)}  ${nameOf(result)}`;
  return [
    head,
    ...details.flatMap((detail) => (detail ? [`        ${plainText(detail)}`] : [])),
  ].join('\n');
}

/** The id, and who computed where that is not our own backend. */
function nameOf({ id, backend }: Pick<CaseResult, 'id' | 'backend'>): string {
  return backend === 'webgpu' ? id : `${id} on ${backend}`;
}

/** One row of the table. */
interface Row {
  total: number;
  passed: number;
  skipped: number;
  broken: number;
  ms: number;
}

function liveTable(voice: Voice): RunListener {
  const rows = new Map<string, Row>();
  const running = new Set<string>();
  let footer = '';
  let height = 0;
  let drawn = 0;
  const erase = () => {
    if (height > 0) voice.write(`\x1b[${height}A\x1b[J`);
    height = 0;
  };
  const draw = () => {
    erase();
    const cut = (line: string) => line.slice(0, voice.columns() - 1);
    // A finished suite leaves the table for the lines above it, so that the table stays small.
    for (const [suite, row] of rows) {
      if (row.passed + row.skipped + row.broken < row.total) continue;
      voice.say(rowText(voice, suite, row));
      rows.delete(suite);
    }
    const started = [...rows].filter(([, row]) => row.passed + row.skipped + row.broken > 0);
    const lines = [
      ...started.map(([suite, row]) => rowText(voice, suite, row)),
      ...[...running].map((id) => cut(`  ${id}`)),
      footer,
    ];
    voice.write(`${lines.join('\n')}\n`);
    height = lines.length;
    drawn = performance.now();
  };
  return (event: RunEvent) => {
    switch (event.type) {
      case 'start':
        for (const { suite: id, backend } of event.selected) {
          const name = nameOf({ id, backend });
          const row = rows.get(name) ?? { total: 0, passed: 0, skipped: 0, broken: 0, ms: 0 };
          row.total++;
          rows.set(name, row);
        }
        return;
      case 'case-start':
        running.add(nameOf(event));
        if (performance.now() - drawn > REDRAW_MS) draw();
        return;
      case 'case-end': {
        const { result, done, total, remainingMs } = event;
        running.delete(nameOf(result));
        count(rows.get(nameOf({ id: result.suite, backend: result.backend })), result);
        footer = `${done} of ${total}, about ${Math.ceil(remainingMs / 1000)} s left`;
        if (result.status !== 'pass' && result.status !== 'skip') {
          erase();
          voice.say(lineOf(voice, result));
        }
        if (height === 0 || done === total || performance.now() - drawn > REDRAW_MS) draw();
        return;
      }
      case 'hang':
        erase();
        voice.say(`${event.id} hangs: ending what runs it and going on`);
        return;
      case 'end':
        running.clear();
        erase();
        for (const [suite, row] of rows) voice.say(rowText(voice, suite, row));
    }
  };
}

function count(row: Row | undefined, { status, durationMs }: CaseResult): void {
  if (!row) return;
  row.ms += durationMs;
  if (status === 'pass') row.passed++;
  else if (status === 'skip') row.skipped++;
  else row.broken++;
}

function rowText(voice: Voice, suite: string, { total, passed, skipped, broken, ms }: Row): string {
  const verdict =
    broken > 0
      ? paint(voice, 'red', `${broken} broken`)
      : passed + skipped === total
        ? paint(voice, 'green', 'right')
        : '';
  const counts = `${passed}/${total}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  const figures = `${suite.padEnd(32)} ${counts.padEnd(20)} ${`${(ms / 1000).toFixed(1)} s`.padStart(7)}`;
  // A line that wraps could not be redrawn.
  return `${figures.slice(0, voice.columns() - VERDICT_COLUMNS)}  ${verdict}`;
}
