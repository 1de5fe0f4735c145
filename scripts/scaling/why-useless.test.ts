import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { whyUseless } from './why-useless.mjs';

const ended = (script: string) => spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });

test.each([
  ['process.exit(0)', undefined],
  ['process.exit(1)', undefined],
  ["process.kill(process.pid, 'SIGKILL')", 'the run by 4 workers was killed by SIGKILL'],
  ["console.error('gradproof: --data x: is no text'); process.exit(2)", '--data x: is no text'],
  ['process.exit(3)', 'the run by 4 workers ended with 3'],
])('%s', (script, why) => {
  expect(whyUseless(4, ended(script))).toBe(why);
});
