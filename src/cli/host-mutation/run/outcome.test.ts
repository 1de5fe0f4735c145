import { expect, test } from 'vitest';
import type { HostMutant } from '../host-mutant.ts';
import type { EquivalentMutant } from './equivalent.ts';
import { MutantRun } from './mutant-run.ts';
import { type HostOutcome, hostResultOf } from './outcome.ts';

const SOURCE = 'export function half(x: number) {\n  return x / 2;\n}\n';
const AT = SOURCE.indexOf('/');
const mutant: HostMutant = {
  file: 'src/train/half.ts',
  operator: 'arithmetic',
  line: 2,
  n: 1,
  start: AT,
  end: AT + 1,
  replacement: '*',
  atLoad: false,
  statement: 'f00d',
  switches: [],
};
const argued: EquivalentMutant = {
  file: mutant.file,
  statement: mutant.statement,
  operator: mutant.operator,
  n: 1,
  becomes: 'return x * 2;',
  class: 'unreachable-by-type',
  why: 'x is always 0',
};

function resultOf(outcome: HostOutcome, argument?: EquivalentMutant) {
  const tried = { testFiles: ['src/train/half.test.ts'], cases: 3, durationMs: 5 };
  return hostResultOf({ ...tried, mutant, outcome, argued: argument }, SOURCE, 0);
}

const CHANGE = 'src/train/half.ts:2 "return x / 2;" became "return x * 2;"';
const killed = { kind: 'killed', how: 'assertion', by: 'half', detail: '1 is not 2' } as const;

test.each([
  ['assertion', 'killed'],
  ['exception', 'killed-by-exception'],
  ['timeout', 'killed-by-timeout'],
] as const)('a mutant killed by %s passes as %s', (how, code) => {
  expect(resultOf({ ...killed, how })).toMatchObject({
    id: 'mutate.host.src.train.half:arithmetic;line=2;n=1',
    suite: 'mutate.host.src.train.half',
    status: 'pass',
    finding: { code, message: `${CHANGE}: half turned red: 1 is not 2` },
  });
});

test('what is alive at the deadline is lost, and says what ran with it', () => {
  expect(resultOf({ kind: 'undecided' })).toMatchObject({
    status: 'lost',
    error: {
      code: 'run-deadline',
      message: `${CHANGE}: alive at the run's deadline, after src/train/half.test.ts and 3 cases`,
    },
  });
});

test('a survivor fails and says what ran with it', () => {
  expect(resultOf({ kind: 'survived' })).toMatchObject({
    status: 'fail',
    error: {
      code: 'survived',
      message: `${CHANGE}: none turned red of src/train/half.test.ts and 3 cases`,
    },
  });
});

test('a place that nothing evaluates fails by that reason', () => {
  expect(resultOf({ kind: 'not-reached' })).toMatchObject({
    status: 'fail',
    error: { code: 'not-reached' },
  });
});

test('an argued mutant is skipped while it lives, and fails when it dies', () => {
  expect(resultOf({ kind: 'survived' }, argued)).toMatchObject({
    status: 'skip',
    skip: { code: 'equivalent', detail: `${CHANGE}: unreachable-by-type: x is always 0` },
  });
  expect(resultOf(killed, argued)).toMatchObject({
    status: 'fail',
    error: { code: 'not-equivalent' },
  });
});

test('a crash while modules load makes a mutant invalid only where it is evaluated then', () => {
  const crash = { how: 'exception', by: 'a file', detail: 'is not a function' } as const;
  const late = new MutantRun(mutant, 0);
  late.close({ ...crash, atLoad: true });
  expect(late.outcome).toMatchObject({ kind: 'killed', how: 'exception' });
  const early = new MutantRun({ ...mutant, atLoad: true }, 0);
  early.close({ ...crash, atLoad: true });
  expect(early.outcome).toEqual({ kind: 'invalid', detail: 'is not a function' });
  const refused = new MutantRun({ ...mutant, atLoad: true }, 0);
  refused.close({ ...crash, how: 'assertion', atLoad: true });
  expect(refused.outcome).toMatchObject({ kind: 'killed', how: 'assertion' });
});

test('a mutant that nothing turned red for is a survivor only where something evaluates it', () => {
  const mutantRun = new MutantRun(mutant, 0);
  expect(mutantRun.outcome).toEqual({ kind: 'not-reached' });
  mutantRun.reach();
  expect(mutantRun.outcome).toEqual({ kind: 'survived' });
});
