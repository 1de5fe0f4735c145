import { expect, test } from 'vitest';
import type { HeldRun } from './resumable-runs.ts';
import { UnsavedResult } from './unsaved-result.ts';

/** A run that is held, and how it was let go: whether it was done with. */
function heldRun() {
  const ends: boolean[] = [];
  const end = async (done: boolean) => void ends.push(done);
  const held: HeldRun = { checkpoints: {} as FileSystemDirectoryHandle, isLasting: true, end };
  return { held, ends };
}

function endedRun() {
  const { held, ends } = heldRun();
  const unsaved = new UnsavedResult();
  unsaved.begin('one', held, ['adapter_config.json', 'adapter_model.safetensors']);
  return { unsaved, held, ends };
}

test('a run is held until each of its files was saved', async () => {
  const { unsaved, ends } = endedRun();
  await unsaved.fileSaved('one', 'adapter_model.safetensors');
  await unsaved.fileSaved('one', 'adapter_model.safetensors');
  await unsaved.fileSaved('one', 'trace.json');
  await unsaved.fileSaved('another', 'adapter_config.json');
  expect(ends).toEqual([]);
  await unsaved.fileSaved('one', 'adapter_config.json');
  expect(ends).toEqual([true]);
});

test('a run without files is held until its model was saved', async () => {
  const { held, ends } = heldRun();
  const unsaved = new UnsavedResult();
  unsaved.begin('one', held, []);
  await unsaved.fileSaved('one', 'adapter_config.json');
  await unsaved.had('another');
  expect(ends).toEqual([]);
  await unsaved.had('one');
  expect(ends).toEqual([true]);
});

test('the next run ends it, and one that cannot begin gives it back', async () => {
  const next = endedRun();
  expect(next.unsaved.isOf(next.held)).toBe(true);
  await next.unsaved.drop();
  expect([next.unsaved.isOf(next.held), next.ends]).toEqual([false, [true]]);
  const failed = endedRun();
  await failed.unsaved.giveBack();
  await failed.unsaved.drop();
  expect(failed.ends).toEqual([false]);
});
