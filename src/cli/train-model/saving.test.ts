import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkApart, checkTarget } from './saving.ts';

let place: string;
let own: string;
/** The same folder as {@link own}, spelt in other ways. */
let spelt: readonly string[];
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'saving-'));
  own = join(place, 'own');
  mkdirSync(join(own, 'adapter'), { recursive: true });
  symlinkSync(own, join(place, 'link'));
  spelt = [own, `${own}/`, join(place, 'link'), relative('.', own), `${place}/x/../own`];
});
afterEach(() => rmSync(place, { recursive: true }));

test('the folder of the model is no place for another, however it is spelt', () => {
  for (const folder of spelt)
    expect(() => checkTarget(folder, own), folder).toThrow('is the folder of the model itself');
  for (const other of [join(place, 'new'), place, join(own, 'adapter')])
    expect(() => checkTarget(other, own), other).not.toThrow();
  expect(() => checkTarget(own, 'https://example.org/own')).not.toThrow();
});

test('nothing is written in place of the adapter that a run begins with, however that is spelt', () => {
  const why = 'would overwrite the adapter that the run begins with: give another';
  const save = { form: 'merged-float16', place } as const;
  for (const folder of spelt) {
    expect(() => checkApart(folder, own, undefined), folder).toThrow(why);
    expect(() => checkApart(own, folder, save), folder).toThrow(why);
    // Beside a model that is saved.
    expect(() => checkApart(folder, join(own, 'adapter'), save), folder).toThrow(why);
    expect(() => checkApart(folder, join(own, 'adapter'), undefined), folder).not.toThrow();
  }
  for (const other of [join(place, 'new'), place])
    expect(() => checkApart(other, own, save), other).not.toThrow();
});
