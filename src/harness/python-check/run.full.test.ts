import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { CaseResult } from '../../report/schema.ts';
import { pythonCheck } from '../python-check.ts';
import { type Recording, recordingsOf } from '../recordings.ts';
import { hasLibraries, PYTHON } from './fixtures/libraries.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const SET = join(root, 'public/parity');

/** Runs each source in the folder of its recording and tells what it printed, or how it failed. */
const RUNNER = `
import contextlib, functools, io, json, os, sys, warnings
warnings.simplefilter("ignore")
# Seconds each time, and always the same.
from onnx.backend.test.case import node
node.collect_testcases = functools.cache(node.collect_testcases)
for line in sys.stdin:
    check = json.loads(line)
    os.chdir(check["folder"])
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said): exec(compile(check["source"], check["name"], "exec"), {"__name__": "check"})
    except Exception as error: said.write(f"{type(error).__name__}: {error}")
    print(json.dumps([check["name"], said.getvalue()]), flush=True)
`;

/**
 * One recording of each library and op, and every test of ONNX: what they have in common is less
 * than an op.
 */
function sample() {
  const chosen = new Map<
    string,
    { readonly name: string; readonly folder: string; readonly source: string }
  >();
  const names = readdirSync(SET, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.safetensors'),
  );
  for (const name of names.sort()) {
    const bytes = new Uint8Array(readFileSync(join(SET, name)));
    for (const recording of recordingsOf([
      { name, bytes, direct: false },
    ]).values() as Iterable<Recording>) {
      const [library = ''] = recording.producer.split(' ');
      const kind = library === 'onnx' ? name : recording.op;
      const source = pythonCheck(recording, deviation(recording));
      if (source.includes('\nimport '))
        chosen.set(JSON.stringify([library, kind]), {
          name,
          folder: join(SET, dirname(name)),
          source,
        });
    }
  }
  return [...chosen.values(), ...checkpoints()];
}

/**
 * A loss that is said to deviate, as a run reports it: the lines show an element of a result
 * without dimensions.
 */
function deviation({ op, params }: Recording): CaseResult | undefined {
  if ((op !== 'cross_entropy' && op !== 'nll_loss') || params['reduction'] === 'none')
    return undefined;
  const finding = {
    code: 'producer-deviates',
    message: 'torch (cpu): loss[0] is 2, 1 expected',
    at: { index: [0], actual: 2, expected: 1 },
  };
  return { finding } as unknown as CaseResult;
}

/** The weights of checkpoints, with scales in 32 bits and compressed to 8. */
function checkpoints() {
  const folder = join(root, 'src/formats/fixtures');
  const names = readdirSync(folder).filter((name) => name.startsWith('bitsandbytes-'));
  return names.flatMap((name) => {
    const replayed = recordingsOf([
      { name, bytes: new Uint8Array(readFileSync(join(folder, name))), direct: true },
    ]);
    return [...replayed.values()].map((weight) => ({
      name,
      folder,
      source: pythonCheck(weight, undefined),
    }));
  });
}

test.skipIf(!hasLibraries())(
  'the lines run with the libraries that recorded, and find what was recorded',
  () => {
    const checks = sample();
    expect(checks.length).toBeGreaterThan(300);
    const input = checks.map((check) => `${JSON.stringify(check)}\n`).join('');
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', RUNNER], {
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as [name: string, said: string]);
    expect([told.length, told.length === checks.length ? '' : stderr]).toEqual([checks.length, '']);
    for (const [name, said] of told) {
      const differences = [
        ...said.matchAll(/^\S+ differs by at most (\S+)(?: or relatively (\S+))?$/gm),
      ].map(([, by, relative = by]) => Number(relative));
      expect([
        name,
        differences.length > 0 && !/^\w*(Error|Exception): /m.test(said) ? '' : said,
      ]).toEqual([name, '']);
      // The same library on the same inputs: another processor may round another way, and no
      // further.
      expect([name, Math.max(...differences) < 1e-3 ? '' : said]).toEqual([name, '']);
    }
  },
  300_000,
);
