import { expect, test } from 'vitest';
import { Notice } from '../controls/notice.ts';
import { TuningChoice } from './tuning-choice.ts';

/** What is chosen of a fine-tuning, and when it is read. */

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
