import { descendants } from '../processes.ts';
import { KillableBrowser } from './killable-browser.ts';
import { expect } from './page-test.ts';
import { test } from './scratch-folder.ts';

test.skip(process.platform === 'win32', 'processes are listed another way there');
test.describe.configure({ mode: 'serial' });

/** The processes of a browser, also where their parent is gone. */
const processesOf = (folder: string) => descendants(new RegExp(folder), 0);
let left = '';

test('a browser may be running when its test ends', async ({ folder }) => {
  await KillableBrowser.start(folder);
  left = folder;
  expect(processesOf(folder).length).toBeGreaterThan(1);
});

test('none of its processes is left after that', async () => {
  expect(left).not.toBe('');
  expect(processesOf(left)).toEqual([]);
});
