import { expect, test } from 'vitest';
import { requestOf } from './read-request.ts';

test('a folder that is not there is told by its option', async () => {
  const reading = requestOf('/nowhere/at/all', {});
  await expect(reading).rejects.toThrow(/^--model \/nowhere\/at\/all: cannot be read: [^\n]*$/);
});
