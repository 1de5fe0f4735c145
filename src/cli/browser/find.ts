import { accessSync, constants } from 'node:fs';
import { posix, win32 } from 'node:path';

/** A browser of Chrome's family that is installed here. */
export interface InstalledBrowser {
  readonly name: string;
  readonly path: string;
}

/** What the search depends on. */
export interface SearchPlace {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly isExecutable: (path: string) => boolean;
}

/** Programs by the name under which they stand in PATH on Linux. */
const LINUX_PROGRAMS = [
  ['Chrome', 'google-chrome-stable'],
  ['Chrome', 'google-chrome'],
  ['Edge', 'microsoft-edge-stable'],
  ['Edge', 'microsoft-edge'],
  ['Chromium', 'chromium'],
  ['Chromium', 'chromium-browser'],
] as const;

/** Folders that are not always in PATH. */
const LINUX_FOLDERS = [
  '/usr/bin',
  '/usr/local/bin',
  '/snap/bin',
  '/opt/google/chrome',
  '/opt/microsoft/msedge',
];

const MAC_PROGRAMS = [
  ['Chrome', 'Google Chrome.app/Contents/MacOS/Google Chrome'],
  ['Edge', 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge'],
  ['Chromium', 'Chromium.app/Contents/MacOS/Chromium'],
] as const;

const WINDOWS_PROGRAMS = [
  ['Chrome', 'Google\\Chrome\\Application\\chrome.exe'],
  ['Edge', 'Microsoft\\Edge\\Application\\msedge.exe'],
  ['Chromium', 'Chromium\\Application\\chrome.exe'],
] as const;

/** Environment variable that names the browser to use. */
export const BROWSER_VARIABLE = 'GRADPROOF_BROWSER';

/**
 * The installed browsers of Chrome's family, best first; only the named one when
 * {@link BROWSER_VARIABLE} is set.
 */
export function findBrowsers(place: SearchPlace = thisMachine()): readonly InstalledBrowser[] {
  const named = place.env[BROWSER_VARIABLE];
  const candidates = named ? [{ name: BROWSER_VARIABLE, path: named }] : usualPlaces(place);
  const found = candidates.filter(({ path }) => place.isExecutable(path));
  return found.filter(({ path }, i) => found.findIndex((other) => other.path === path) === i);
}

function usualPlaces({ platform, env }: SearchPlace): readonly InstalledBrowser[] {
  if (platform === 'darwin') {
    const folders = [
      '/Applications',
      ...(env['HOME'] ? [posix.join(env['HOME'], 'Applications')] : []),
    ];
    return MAC_PROGRAMS.flatMap(([name, program]) =>
      folders.map((folder) => ({ name, path: posix.join(folder, program) })),
    );
  }
  if (platform === 'win32') {
    const folders = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap(
      (variable) => env[variable] ?? [],
    );
    return WINDOWS_PROGRAMS.flatMap(([name, program]) =>
      folders.map((folder) => ({ name, path: win32.join(folder, program) })),
    );
  }
  const folders = [
    ...(env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/')),
    ...LINUX_FOLDERS,
  ];
  const inFolders = (program: string) => folders.map((folder) => posix.join(folder, program));
  return [
    ...LINUX_PROGRAMS.flatMap(([name, program]) =>
      inFolders(program).map((path) => ({ name, path })),
    ),
    { name: 'Chrome', path: '/opt/google/chrome/chrome' },
    { name: 'Edge', path: '/opt/microsoft/msedge/msedge' },
  ];
}

function thisMachine(): SearchPlace {
  return { platform: process.platform, env: process.env, isExecutable };
}

/** Whether `path` is there and may be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
