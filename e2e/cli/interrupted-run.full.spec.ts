import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { Random } from '../../src/tensor/random.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';
import { logIn, SETTINGS, tinyModel } from './tiny-model.ts';

test(
  'Ctrl-C in the third of five epochs ends a run with 130, and it goes on to the same bits',
  covers('tb.recovery.interrupted-training-resume/command-sigint-130').control(
    'an interrupted run ends as one that failed',
    { file: 'src/cli/exit.ts', from: 'interrupted: 130', to: 'interrupted: 1' },
  ),
  async ({ folder }) => {
    // Held-out losses tell each step.
    const settings = { ...SETTINGS, judge_steps: 0, eval_steps: 1, num_train_epochs: 5 };
    const args = [...tinyModel(folder, settings), '--type', 'lora'];
    const whole = join(folder, 'whole');
    const out = join(folder, 'out');
    const all = await gradproof([...args, '--out', whole]);
    expect([all.status, all.stderr]).toEqual([0, '']);
    const courseIn = (place: string) =>
      logIn(place).flatMap(({ step, epoch, loss }) =>
        loss === undefined ? [] : [{ step, epoch, loss }],
      );
    const third = courseIn(whole).filter(({ epoch }) => Number(epoch) > 2 && Number(epoch) < 2.6);
    expect(third.length).toBeGreaterThan(0);
    const random = new Random(Date.now() % 1e6);
    const at = third[Math.floor(random.uniform(0, third.length))]?.step;
    const cut = await gradproof([...args, '--out', out], {
      interruptAt: new RegExp(`^step ${at}:`, 'm'),
    });
    expect(cut.status).toBe(130);
    const resumed = await gradproof(['train', '--resume', out]);
    expect([resumed.status, resumed.stderr]).toEqual([0, '']);
    const adapterIn = (place: string) => readFileSync(join(place, 'adapter_model.safetensors'));
    expect(adapterIn(out)).toEqual(adapterIn(whole));
    expect(courseIn(out)).toEqual(courseIn(whole));
  },
);
