import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../harness/events.ts';
import { RUN, result } from '../../report/fixtures/reports.ts';
import type { CaseResult } from '../../report/schema.ts';
import { showProgress } from './progress.ts';
import type { Voice } from './voice.ts';

/** A voice that keeps what it says, on a terminal of 40 columns or on a pipe. */
function voice(live: boolean) {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const say = (line: string) => write(`${line}\n`);
  const spoken: Voice = {
    say,
    write,
    openGroup: say,
    closeGroup: () => {},
    live,
    columns: () => 40,
  };
  return { voice: spoken, text: () => text };
}

const passed = result({
  id: 'ops.nn.silu:legal;x=7x37',
  status: 'pass',
  assertions: 1,
  metrics: { 'unjudged.ours': 3, 'planted.F32': 1 },
});
const failed = result({
  id: 'ops.nn.gelu:legal',
  status: 'fail',
  assertions: 1,
  error: { code: 'out-of-bound', message: 'y[0] is 1' },
});

const selected = [passed, failed].map(({ id, suite, backend, tier }) => ({
  id,
  suite,
  backend,
  tier,
  description: '',
  control: '',
  covers: [],
}));
const environment = RUN.environments[0] as (typeof RUN.environments)[number];
const ends = (one: CaseResult, done: number): RunEvent[] => [
  { type: 'case-start', id: one.id, backend: one.backend },
  { type: 'case-end', result: one, files: [], done, total: 2, remainingMs: 1_500 },
];
const EVENTS: readonly RunEvent[] = [
  { type: 'start', environment, selected, planHash: '' },
  ...ends(failed, 1),
  ...ends(passed, 2),
  { type: 'end', report: RUN },
];

function shown(live: boolean, verbose: boolean): string {
  const { voice: spoken, text } = voice(live);
  const listen = showProgress(spoken, verbose);
  for (const event of EVENTS) listen(event);
  return text();
}

test('a pipe shows nothing while the run goes on', () => {
  expect(shown(false, false)).toBe('');
});

test('a line for each case, on a pipe and on a terminal', () => {
  for (const live of [false, true])
    expect(stripVTControlCharacters(shown(live, true))).toBe(
      [
        '2 cases',
        'fail        13 ms  ops.nn.gelu:legal',
        '        out-of-bound: y[0] is 1',
        'pass        13 ms  ops.nn.silu:legal;x=7x37: 1 number compared',
        '        without a verdict: 0 recorded numbers and 3 of ours, which depend on a NaN or an infinity or may overflow',
        '',
      ].join('\n'),
    );
});

test('a terminal shows one line that is redrawn, no longer than it is wide, and erased at the end', () => {
  const text = shown(true, false);
  expect(text).not.toContain('\n');
  const drawn = text.split('\r\x1b[K').slice(1);
  expect(drawn[0]).toBe('2 cases');
  expect(drawn).toContain('2 of 2, 1 wrong, about 2 s left');
  for (const line of drawn) expect(line.length).toBeLessThan(40);
  expect(drawn.at(-1)).toBe('');
});
