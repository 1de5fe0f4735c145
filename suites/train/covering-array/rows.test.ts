import { make, sorters } from 'covertable';
import { expect, test } from 'vitest';
import { CONTROL_OF, CONTROLS } from './controls.ts';
import { OPTIONS, type OptionName, type Row } from './options.ts';
import { ROWS } from './rows.ts';

const NAMES = Object.keys(OPTIONS) as OptionName[];

test('suites/train/covering-array/rows.json is fresh', async () => {
  const factors = Object.fromEntries(NAMES.map((name) => [name, [...OPTIONS[name]]]));
  const rows = make(factors, { sorter: sorters.hash }) as unknown as Row[];
  const inOrder = rows.map((row) => Object.fromEntries(NAMES.map((name) => [name, row[name]])));
  const text = `${JSON.stringify(inOrder, undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot('rows.json');
});

test('each pair of values of two options is in some row', () => {
  const missing = NAMES.flatMap((first, i) =>
    NAMES.slice(i + 1).flatMap((second) =>
      OPTIONS[first].flatMap((a) =>
        OPTIONS[second]
          .filter((b) => !ROWS.some((row) => row[first] === a && row[second] === b))
          .map((b) => `${first} ${a} with ${second} ${b}`),
      ),
    ),
  );
  expect(missing).toEqual([]);
});

test('rows have no other values', () => {
  for (const row of ROWS) {
    expect(Object.keys(row)).toEqual(NAMES);
    for (const name of NAMES) expect(OPTIONS[name]).toContain(row[name]);
  }
});

test('each control turns some row red, and each option has one', () => {
  const used = new Set(CONTROL_OF.values());
  expect(CONTROLS.filter((control) => !used.has(control)).map(({ name }) => name)).toEqual([]);
  expect(new Set(CONTROLS.map(({ option }) => option))).toEqual(new Set(NAMES));
});
