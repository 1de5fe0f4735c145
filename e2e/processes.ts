import { execFileSync } from 'node:child_process';

/** The processes that descend from `ancestor` and whose command line matches. */
export function descendants(pattern: RegExp, ancestor = process.pid): readonly number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const all = lines.flatMap((line) => {
    const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), args }] : [];
  });
  const family = new Set([ancestor]);
  for (let known = 0; known < family.size; ) {
    known = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.flatMap(({ pid, args }) => (family.has(pid) && pattern.test(args) ? [pid] : []));
}

/** Whether the process was there to get the signal: it may end at any moment by itself. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
