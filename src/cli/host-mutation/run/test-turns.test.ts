import { expect, test } from 'vitest';
import type { ThrownInTest } from './how.ts';
import { LoadTurn, TestTurns } from './test-turns.ts';
import { readTurns, type Turn } from './turns.ts';

const PLACE = { file: 'src/a.test.ts', test: 'adds' };
const WRONG = { name: 'AssertionError', message: 'expected 1 to be 2' };
const THROWN = { name: 'TypeError', message: 'x is undefined' };

/** Runs a test whose end with each mutant, and with none, is given. */
function play(
  indices: readonly number[],
  endOf: (active: number, time: number) => ThrownInTest | undefined,
): { readonly met: readonly number[]; readonly told: readonly Turn[] } {
  const turns = new TestTurns(indices, PLACE);
  const met: number[] = [];
  const told: Turn[] = [];
  while (!turns.isDone) {
    const { active } = turns;
    met.push(active);
    const turn = turns.tell(endOf(active, met.filter((one) => one === active).length), true);
    if (turn) told.push(turn);
  }
  return { met, told };
}

test('a mutant that changes nothing has one turn', () => {
  expect(play([7, 8], () => undefined)).toEqual({
    met: [7, 8],
    told: [
      { type: 'lived', index: 7, ...PLACE, evaluated: true },
      { type: 'lived', index: 8, ...PLACE, evaluated: true },
    ],
  });
});

test('a red assertion counts once the test is green again without the mutant', () => {
  expect(play([7, 8], (active) => (active === 7 ? WRONG : undefined))).toEqual({
    met: [7, -1, 8],
    told: [
      { type: 'red', index: 7, ...PLACE, thrown: WRONG },
      { type: 'lived', index: 8, ...PLACE, evaluated: true },
    ],
  });
});

test('an exception must happen again', () => {
  expect(play([7], (active) => (active === 7 ? THROWN : undefined))).toEqual({
    met: [7, 7, -1],
    told: [{ type: 'red', index: 7, ...PLACE, thrown: THROWN }],
  });
  const once = play([7], (active, time) => (active === 7 && time === 1 ? THROWN : undefined));
  expect(once.told.map(({ type }) => type)).toEqual(['lived']);
});

test('a mutant says nothing that leaves the test red behind it', () => {
  expect(play([7], () => WRONG).told).toEqual([{ type: 'left', index: 7, ...PLACE }]);
});

test('of what was thrown only that is told by which a kill is judged', () => {
  const cause = { name: 'AssertionError', message: 'no', actual: 1n };
  const thrown = { ...THROWN, code: 5n, cause, message: 'Property failed after 2 tests' };
  const { told } = play([7], (active) => (active === 7 ? thrown : undefined));
  expect(JSON.parse(JSON.stringify(told[0]))).toEqual({
    type: 'red',
    index: 7,
    ...PLACE,
    thrown: {
      name: 'TypeError',
      message: 'Property failed after 2 tests',
      cause: { name: 'AssertionError', message: 'no' },
    },
  });
});

test('of a file that is loaded with a mutant the first red test counts', () => {
  const load = new LoadTurn(7, PLACE.file);
  expect(load.isRed).toBe(false);
  load.fail('adds', WRONG);
  load.fail('subtracts', THROWN);
  expect(load.isRed).toBe(true);
  expect(load.end()).toEqual({ type: 'red', index: 7, ...PLACE, thrown: WRONG });
});

test('a module that cannot be loaded is told as such', () => {
  const load = new LoadTurn(7, PLACE.file);
  load.fail('', THROWN, true);
  const all = { file: PLACE.file, test: '' };
  expect(load.end()).toEqual({ type: 'red', index: 7, ...all, thrown: THROWN, atLoad: true });
});

test('a file that ends well lets a mutant live, and says nothing of none', () => {
  const all = { file: PLACE.file, test: '' };
  expect(new LoadTurn(7, PLACE.file).end()).toEqual({
    type: 'lived',
    index: 7,
    ...all,
    evaluated: true,
  });
  expect(new LoadTurn(-1, PLACE.file).end()).toBeUndefined();
});

test('a file that is red without a mutant says that one has left something', () => {
  const load = new LoadTurn(-1, PLACE.file);
  load.fail('adds', WRONG);
  expect(load.end()).toEqual({ type: 'left', index: -1, file: PLACE.file, test: '' });
});

test('a line that a dying process has cut is not read', () => {
  const begin: Turn = { type: 'begin', index: 7, ...PLACE };
  const lived: Turn = { type: 'lived', index: 7, ...PLACE, evaluated: false };
  expect(readTurns(`${JSON.stringify(begin)}\n${JSON.stringify(lived)}\n{"type":"be`)).toEqual([
    begin,
    lived,
  ]);
});
