import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chosenFolder, type FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import { openWebFolder } from './web-folder.ts';

const ORIGIN = 'http://localhost:7357';

beforeEach(() => void vi.stubGlobal('self', { location: new URL('/index.html', ORIGIN) }));
afterEach(() => void vi.unstubAllGlobals());

/** A file as a choice of a folder gives it: `path` begins with the folder, where one was chosen. */
function fileAt(path: string, ...bytes: number[]): File {
  const file = new File([Uint8Array.from(bytes)], path.slice(path.lastIndexOf('/') + 1));
  return Object.assign(file, { webkitRelativePath: path });
}

test('files that were chosen are read in parts, and those of inner folders left out', async () => {
  const place = chosenFolder([
    fileAt('model/config.json', 1),
    fileAt('model/weights.bin', 2, 3, 4, 5),
    fileAt('model/onnx/weights.bin', 9),
  ]);
  const folder = await openWebFolder(place);
  expect([...folder].map(([name, { bytes }]) => [name, bytes])).toEqual([
    ['config.json', 1],
    ['weights.bin', 4],
  ]);
  expect(await folder.get('weights.bin')?.read(1, 3)).toEqual(Uint8Array.of(3, 4));
});

test('a cut file is told', async () => {
  const folder = await openWebFolder(chosenFolder([fileAt('a.bin', 1, 2, 3)]));
  await expect(folder.get('a.bin')?.read(1, 5)).rejects.toThrow('bytes 1 to 5 are asked for');
});

test('files of a folder that the own server has are known by name and size', async () => {
  const files = [{ name: 'a#b.json', bytes: 7 }];
  const folder = await openWebFolder({ kind: 'served', url: '/folder-1/', files });
  expect([...folder].map(([name, { bytes }]) => [name, bytes])).toEqual([['a#b.json', 7]]);
});

test.each<[string, FolderPlace, string]>([
  ['a path', { kind: 'path', path: '/models/tiny' }, 'a page cannot read "/models/tiny"'],
  [
    'another server',
    { kind: 'served', url: 'https://example.org/m/', files: [] },
    '"https://example.org" is another server than the page\'s',
  ],
  [
    'two files of one name',
    chosenFolder([fileAt('a/config.json', 1), fileAt('b/config.json', 2)]),
    'two of the files have one name',
  ],
])('%s is refused', async (_, place, says) => {
  await expect(openWebFolder(place)).rejects.toThrow(says);
});
