import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findBrowsers } from '../browser/find.ts';
import { downloadedBrowser } from '../browser/install.ts';

const DRIVER_FILE = 'vk_swiftshader_icd.json';

/**
 * Where browsers keep their libraries when what starts them is a script or a link somewhere else.
 */
const LIBRARY_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
  '/opt/microsoft/msedge',
];

/** The Vulkan driver file of SwiftShader that comes with a browser, if one is installed. */
export async function findSwiftShader(): Promise<string | undefined> {
  const browsers = [...findBrowsers(), await downloadedBrowser()].flatMap(
    (browser) => browser?.path ?? [],
  );
  const folders = [...browsers.map((path) => dirname(realpathSync(path))), ...LIBRARY_FOLDERS];
  return folders.map((folder) => join(folder, DRIVER_FILE)).find((file) => existsSync(file));
}

/**
 * The environment in which a child process of Node computes with that driver; the browser's Vulkan
 * loader serves if there is no other.
 */
export function swiftShaderEnvironment(
  driverFile: string,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const libraries = [env['LD_LIBRARY_PATH'], dirname(driverFile)].filter(Boolean).join(':');
  return {
    XDG_RUNTIME_DIR: tmpdir(), // the loader complains without one
    ...env,
    VK_DRIVER_FILES: driverFile,
    VK_ICD_FILENAMES: driverFile,
    LD_LIBRARY_PATH: libraries,
  };
}
