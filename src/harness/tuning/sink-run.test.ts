import { expect, test } from 'vitest';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { sinkRunOf } from './sink-run.ts';

test('a run is listed with the settings that it has, and with neither texts nor what is left out', () => {
  const config = { ...trainingConfigOf({ type: 'lora' }), data: 'mine.txt', dataFormat: undefined };
  const run = sinkRunOf({ name: 'tiny', steps: 3, config });
  expect(run.title).toBe('lora of tiny');
  expect(run.config).toMatchObject({ model: 'tiny', steps: 3, type: 'lora' });
  expect(run.config).not.toHaveProperty('data');
  expect(Object.values(run.config)).not.toContain(undefined);
});
