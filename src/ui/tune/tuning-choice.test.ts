import { expect, test } from 'vitest';
import { Notice } from '../controls/notice.ts';
import { TuningChoice } from './tuning-choice.ts';

/** What is chosen of a fine-tuning, and when it is read. */

/** A file of a saved adapter as browsers give it. */
const savedConfig = () =>
  Object.assign(new File(['{}'], 'adapter_config.json'), { webkitRelativePath: '' });

test('what is told of a run besides, while a choice is read, loses nothing of what is found', async () => {
  const choice = new TuningChoice(new Notice());
  choice.choose('folder');
  expect(choice.inspection.value.reading).toBe(true);
  choice.takeTold({ sent: true });
  await expect.poll(() => choice.inspection.value.reading).toBe(false);
  expect(choice.chosen.value).toMatchObject({ kind: 'folder', sent: true });

  // Nothing is read again for it.
  let readings = 0;
  choice.inspection.subscribe(() => readings++);
  choice.takeTold({ traced: true });
  await choice.inspect();
  expect(readings).toBe(0);
});

test('workers that train together have a micro-batch each, and keep it when one is left', () => {
  const choice = new TuningChoice(new Notice());
  const { settings } = choice.chosen.value;
  choice.takeSharding({ workers: 3, strategy: 'ddp' });
  expect(choice.chosen.value).toMatchObject({
    sharding: { workers: 3, strategy: 'ddp' },
    settings: { ...settings, gradient_accumulation_steps: 3 },
  });
  choice.takeSharding({ workers: 2, strategy: 'full_shard' });
  expect(choice.chosen.value.settings).toMatchObject({ gradient_accumulation_steps: 3 });
  choice.takeSharding(undefined);
  expect(choice.chosen.value).not.toHaveProperty('sharding');
});

test('beside a saved adapter nothing is said of a new one, but what a person says', () => {
  const choice = new TuningChoice(new Notice());
  const loraOf = () => choice.chosen.value.settings['lora'];
  const files = [savedConfig()];
  const usual = loraOf();
  expect(usual).toMatchObject({ r: 16 });
  choice.takeAdapter(files);
  expect(loraOf()).toBeUndefined();
  choice.choose('folder');
  expect(loraOf()).toBeUndefined();
  choice.resetSettings();
  expect(loraOf()).toBeUndefined();
  choice.choose('small');
  choice.takeAdapter(undefined);
  expect(loraOf()).toEqual(usual);

  choice.setField('lora.r', '4');
  choice.takeAdapter(files);
  expect(loraOf()).toEqual({ r: 4 });
  choice.takeAdapter(undefined);
  expect(loraOf()).toEqual({ ...(usual as object), r: 4 });

  choice.setField('type', 'full');
  choice.takeAdapter(files);
  choice.takeAdapter(undefined);
  expect(loraOf()).toBeUndefined();
});

test('settings of a file stay as they are beside a saved adapter', async () => {
  const choice = new TuningChoice(new Notice());
  const settings = { lora: { r: 16 } };
  await choice.takeSettings(new File([JSON.stringify(settings)], 'settings.json'));
  choice.takeAdapter([savedConfig()]);
  expect(choice.chosen.value.settings).toEqual(settings);
  choice.takeAdapter(undefined);
  expect(choice.chosen.value.settings).toEqual(settings);
});

test('without what is refused, settings lack all that a fault needs', async () => {
  const choice = new TuningChoice(new Notice());
  choice.choose('folder');
  const settings = { type: 'hqq_lora', quantization: { nbits: 4, group_size: 32 }, seed: 3 };
  await choice.takeSettings(new File([JSON.stringify(settings)], 'settings.json'));
  const refused = [
    { path: 'quantization.group_size', without: ['type', 'quantization'] },
    { path: 'seed' },
  ].map((fault) => ({ part: 'settings', message: 'it is wrong', ...fault }) as const);
  choice.inspection.value = { reading: false, found: { faults: refused } };
  await choice.repairSettings();
  expect(choice.chosen.value.settings).toEqual({});
});
