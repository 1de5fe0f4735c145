import { expect, test } from 'vitest';
import { RUN, result } from '../../report/fixtures/reports.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { CaseResult, Environment } from '../../report/schema.ts';
import type { Case } from '../../testing/suite.ts';
import type { RunEvent, Unfinished } from '../events.ts';
import { RunResults } from './run-results.ts';

const HERE = RUN.environments[0] as Environment;
const THERE: Environment = { ...HERE, adapter: { ...HERE.adapter, vendor: 'another' } };

const declared = (name: string) =>
  ({
    id: `a:${name}`,
    suite: 'a',
    backend: 'webgpu',
    tier: 'quick',
    covers: [],
    control: { name: 'none' },
  }) as unknown as Case;
const of = (name: string, status: CaseResult['status'] = 'pass') =>
  result({ id: `a:${name}`, status, assertions: 1 });

/** The results of a run of these cases, and what it tells. */
function resultsOf(names: readonly string[], resume?: Partial<Unfinished>) {
  const events: RunEvent[] = [];
  const before = { planHash: 'hash', options: DEFAULT_RUN_OPTIONS, ...BEGUN, ...resume };
  const results = new RunResults(
    names.map((name) => ({ declared: declared(name) })),
    resume && before,
    (event) => events.push(event),
  );
  return { results, events };
}
const BEGUN = { environments: [], results: [], begun: {}, failures: [] };
const namesOf = (items: readonly { declared: Case }[]) =>
  items.map(({ declared: { id } }) => id.slice(2));

test('each case is left until it has a result, which is told with how far the run is', () => {
  const { results, events } = resultsOf(['x', 'y', 'z']);
  expect(namesOf(results.toRun)).toEqual(['x', 'y', 'z']);
  expect([results.isComplete, results.hasEnvironment]).toEqual([false, false]);
  const files = [{ name: 'a.safetensors', data: new Uint8Array(1) }];
  results.finish(of('y'), files, { readDigest: 'ab' });
  expect(namesOf(results.left)).toEqual(['x', 'z']);
  expect(events).toEqual([
    expect.objectContaining({
      type: 'case-end',
      result: of('y'),
      files,
      readDigest: 'ab',
      done: 1,
      total: 3,
    }),
  ]);
  results.finish(of('x'));
  results.finish(of('z'));
  expect([results.isComplete, results.left]).toEqual([true, []]);
  expect(events.at(-1)).toMatchObject({ done: 3, total: 3, remainingMs: 0, files: [] });
});

test('an environment is told when it is new, and numbered as it came', () => {
  const { results, events } = resultsOf(['x']);
  expect([HERE, THERE, HERE, THERE].map((each) => results.indexOf(each))).toEqual([0, 1, 0, 1]);
  expect(results.hasEnvironment).toBe(true);
  expect(events).toEqual([
    { type: 'environment', environment: HERE },
    { type: 'environment', environment: THERE },
  ]);
});

test('a run goes on with what another had found, began and saw fail', () => {
  const failed = of('y', 'fail');
  const { results, events } = resultsOf(['x', 'y', 'z'], {
    environments: [THERE],
    results: [of('x'), of('gone')],
    begun: { 'a:y webgpu': 2 },
    failures: [failed, of('z', 'fail')],
  });
  expect(namesOf(results.toRun)).toEqual(['y', 'z']);
  expect(results.items.map(({ attempts }) => attempts)).toEqual([0, 2, 0]);
  expect(results.items[1]?.failures).toEqual([failed]);
  expect([results.indexOf(HERE), results.indexOf(THERE)]).toEqual([1, 0]);
  expect(events.map(({ type }) => type)).toEqual(['environment']);
  results.tellResumed();
  expect(events.slice(1)).toMatchObject([{ type: 'case-end', result: of('x'), done: 1 }]);
  expect(namesOf(results.left)).toEqual(['y', 'z']);
});

test('what is needed to go on is what was begun and has no result', () => {
  const { results } = resultsOf(['x', 'y', 'z']);
  results.indexOf(HERE);
  const [x, y] = results.items;
  if (!x || !y) throw new Error('there are three cases');
  x.attempts = 1;
  y.attempts = 2;
  y.failures.push(of('y', 'fail'));
  results.finish(of('x'));
  expect(results.unfinished('hash', DEFAULT_RUN_OPTIONS)).toEqual({
    planHash: 'hash',
    options: DEFAULT_RUN_OPTIONS,
    environments: [HERE],
    results: [of('x')],
    begun: { 'a:y webgpu': 2 },
    failures: [of('y', 'fail')],
  });
});

test('a case that gets no reply is lost with its attempts, unless it was found wrong before', () => {
  const { results, events } = resultsOf(['x', 'y']);
  const [x, y] = results.items;
  if (!x || !y) throw new Error('there are two cases');
  x.attempts = 3;
  results.finishWithoutReply(x, 'lost', 'no-device', 'said');
  y.attempts = 4;
  y.failures.push(of('y', 'fail'));
  results.finishWithoutReply(y, 'lost', 'no-device', 'said');
  expect(events).toMatchObject([
    {
      result: {
        id: 'a:x',
        status: 'lost',
        error: { code: 'no-device', message: 'said' },
        attempts: 3,
        env: 0,
        control: { fault: 'none', status: 'not-run' },
      },
    },
    { result: { id: 'a:y', status: 'fail', attempts: 4 } },
  ]);
});
