import { expect, test } from 'vitest';
import { UsageError } from '../exit.ts';
import { requestOf } from './read-request.ts';

test.each(['https://example.org/model', 'http://localhost:8000/'])(
  'the address %s is refused in one line',
  async (address) => {
    const reading = requestOf(address, {});
    await expect(reading).rejects.toThrow(UsageError);
    await expect(reading).rejects.toThrow(
      `--model ${address}: models are not read from servers in this version yet: give a folder on disk`,
    );
  },
);

test('a folder that is not there is told by its option', async () => {
  const reading = requestOf('/nowhere/at/all', {});
  await expect(reading).rejects.toThrow(/^--model \/nowhere\/at\/all: cannot be read: [^\n]*$/);
});
