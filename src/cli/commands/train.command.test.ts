import { expect, test } from 'vitest';
import { command } from './train.command.ts';

test('the help names every kind of model that is trained', () => {
  const says = command.options.find(({ name }) => name === 'model')?.description ?? '';
  for (const kind of ['Llama', 'Qwen', 'Mistral', '.gguf', 'https']) expect(says).toContain(kind);
});
