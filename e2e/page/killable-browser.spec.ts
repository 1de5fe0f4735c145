import { descendants } from '../processes.ts';
import { KillableBrowser } from './killable-browser.ts';
import { expect } from './page-test.ts';
import { test } from './scratch-folder.ts';

test.skip(process.platform === 'win32', 'processes are listed another way there');

/** The processes of a browser, also where their parent is gone. */
const processesOf = (folder: string) => descendants(new RegExp(folder), 0);
let left = '';

test('a browser that runs when its test ends leaves no process', async ({ folder }) => {
  await KillableBrowser.start(folder);
  left = folder;
  expect(processesOf(folder).length).toBeGreaterThan(1);
});

test.afterAll(() => {
  expect(left).not.toBe('');
  expect(processesOf(left)).toEqual([]);
});
