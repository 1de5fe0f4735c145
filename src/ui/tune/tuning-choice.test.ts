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
