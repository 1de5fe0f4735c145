import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReport } from '../../src/harness/report/read.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

test.skip(process.platform === 'win32', 'there is no ps to find the processes with');

/** The processes that descend from this one and whose command line matches. */
function descendants(pattern: RegExp): readonly number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const all = lines.flatMap((line) => {
    const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), args }] : [];
  });
  const family = new Set([process.pid]);
  for (let known = 0; known < family.size; ) {
    known = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.flatMap(({ pid, args }) => (family.has(pid) && pattern.test(args) ? [pid] : []));
}

const VICTIMS = [
  ['the GPU process', 'chromium', /--type=gpu-process/],
  ['every tab', 'chromium', /--type=renderer/],
  ['every worker', 'node', /node-worker\.js/],
] as const;

for (const [name, runtime, pattern] of VICTIMS) {
  test(`${name} of a run in ${runtime} is killed, twice, and every verdict is as it was`, async ({ folder }) => {
    const file = join(folder, 'report.json');
    let [killed, linesBefore] = [0, 0];
    const { status, stderr } = await gradproof(['--runtime', runtime, '--filter', 'ops.nn.*', '--report', file], {
      onOutput: (stdout) => {
        const lines = stdout.match(/^pass /gm)?.length ?? 0;
        if (killed === 2 || lines < linesBefore + 10) return;
        [killed, linesBefore] = [killed + 1, lines];
        for (const pid of descendants(pattern)) process.kill(pid, 'SIGKILL');
      },
    });
    expect([status, stderr, killed]).toEqual([0, '', 2]);
    const { run, summary, results } = readReport(readFileSync(file), 'report.json');
    expect(run.complete).toBe(true);
    expect(summary.passed).toBe(summary.total);
    expect(results.filter(({ finding }) => finding !== undefined)).toEqual([]);
  });
}
