import type { RunEvent, RunListener } from '../../harness/events.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import type { CaseResult, Status } from '../../report/schema.ts';
import { unjudgedOf } from '../../report/unjudged.ts';
import { verdictOf } from '../../report/verdict.ts';
import { paint, type Voice } from './voice.ts';

const REDRAW_MS = 100;
const COLOURS: Readonly<Record<Status, 'green' | 'red' | 'yellow'>> = {
  pass: 'green',
  fail: 'red',
  skip: 'yellow',
  error: 'red',
  timeout: 'red',
  lost: 'red',
};

/**
 * Shows a run while it goes on: a line for each case where that is wanted, else one line that is
 * redrawn on a terminal, and nothing elsewhere.
 */
export function showProgress(voice: Voice, verbose: boolean): RunListener {
  if (verbose) return caseLines(voice);
  return voice.live ? liveLine(voice) : () => {};
}

function caseLines(voice: Voice): RunListener {
  return (event) => {
    if (event.type === 'start') voice.openGroup(counted(event.selected.length, 'case'));
    if (event.type === 'case-end') voice.say(lineOf(voice, event.result));
    if (event.type === 'hang') voice.say(hangWords(event));
    if (event.type === 'end') voice.closeGroup();
  };
}

/** `pass     1.2 ms  id: 37 numbers compared`, or below it what went wrong. */
function lineOf(voice: Voice, result: CaseResult): string {
  const { status, durationMs, assertions, error, skip, finding, fault } = result;
  const { ours, recorded } = unjudgedOf(result);
  const details = [
    error && `${error.code}: ${error.message}`,
    skip && `${skip.code}: ${skip.detail}`,
    finding && `${finding.code}: ${finding.message}`,
    ours + recorded > 0 &&
      `without a verdict: ${recorded} recorded numbers and ${ours} of ours, which depend on a NaN or an infinity or may overflow`,
    fault && status !== 'skip' && `whose fault: ${fault}`,
  ];
  const head = `${paint(voice, COLOURS[status], status.padEnd(7))} ${`${durationMs.toFixed(0)} ms`.padStart(9)}  ${nameOf(result)}`;
  // What did not pass counts only what held before.
  const compared = status === 'pass' ? `: ${counted(assertions, 'number')} compared` : '';
  return [
    head + compared,
    ...details.flatMap((detail) => (detail ? [`        ${plainText(detail)}`] : [])),
  ].join('\n');
}

/** The id, and who computed where that is not our own backend. */
export function nameOf({ id, backend }: Pick<CaseResult, 'id' | 'backend'>): string {
  return backend === 'webgpu' ? id : `${id} on ${backend}`;
}

function hangWords({ id }: Extract<RunEvent, { type: 'hang' }>): string {
  return `${id} hangs: ending what runs it and going on`;
}

/** "412 of 1372, 2 wrong, about 31 s left: ops.nn.silu:legal;x=7x37", redrawn in place. */
function liveLine(voice: Voice): RunListener {
  const running = new Set<string>();
  let wrong = 0;
  let words = '';
  let drawn = Number.NEGATIVE_INFINITY;
  const erase = () => voice.write('\r\x1b[K');
  const draw = (now: boolean) => {
    if (!now && performance.now() - drawn < REDRAW_MS) return;
    drawn = performance.now();
    const [id] = running;
    const line = [words, ...(id === undefined ? [] : [id])].join(': ');
    // A line that wraps could not be redrawn.
    voice.write(`\r\x1b[K${line.slice(0, voice.columns() - 1)}`);
  };
  return (event) => {
    switch (event.type) {
      case 'start':
        words = counted(event.selected.length, 'case');
        draw(true);
        return;
      case 'case-start':
        running.add(nameOf(event));
        draw(false);
        return;
      case 'case-end': {
        const { result, done, total, remainingMs } = event;
        running.delete(nameOf(result));
        if (verdictOf(result) === 'wrong') wrong++;
        words = [
          `${done} of ${total}`,
          ...(wrong > 0 ? [`${wrong} wrong`] : []),
          `about ${Math.ceil(remainingMs / 1000)} s left`,
        ].join(', ');
        draw(done === total);
        return;
      }
      case 'hang':
        erase();
        voice.say(hangWords(event));
        return;
      case 'end':
        erase();
    }
  };
}
