import { expect, test } from 'vitest';
import { softwareGpu } from '../cli/runtime/fixtures/software-gpu.ts';
import { drawnCall } from './drawn.ts';
import { CallOracle } from './oracle.ts';
import { Engine } from './ours/engine.ts';
import { StepOracle } from './steps/oracle.ts';
import { works } from './works.ts';

test('scratch', async () => {
  using gpu = await softwareGpu();
  const engine = new Engine(gpu);
  const time = async <T>(what: string, f: () => Promise<T> | T): Promise<T> => {
    const t = performance.now();
    const r = await f();
    console.log(what, (performance.now() - t).toFixed(0));
    return r;
  };
  for (const [id, work] of works) {
    if (!(process.env['ONLY'] ?? '').split(',').some((x) => id.includes(x))) continue;
    if (work.kind === 'ceiling') continue;
    for (const setting of ['captured', 'eager']) {
      await using prepared = await time(`${id} ${setting} prepare`, () =>
        engine.prepare(work, setting),
      );
      const results = await time('results', () => prepared.results());
      const oracle = work.kind === 'op' ? new CallOracle(drawnCall(work)) : new StepOracle(work);
      try {
        console.log(await time('judge', () => oracle.judge(results)));
      } catch (e) {
        console.log(String(e));
      }
      await prepared.run(1);
      await time('run', () => prepared.run(3));
      console.log(prepared.metrics?.(), prepared.kernels?.(), results.outputs['loss']?.data);
      if (process.env['ONE']) break;
    }
  }
  expect(1).toBe(1);
}, 900_000);
