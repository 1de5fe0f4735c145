import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { keyOf } from '../../report/case-key.ts';
import { verdictOf } from '../../report/verdict.ts';
import type { Case } from '../../testing/suite.ts';
import { withControl } from '../runner/outcome.ts';
import { mutantSwitch, takeReached } from './host-switch.ts';
import type { CaseOutcome, MutantMessage, MutantReply } from './messages.ts';
import { runCase } from './run-case.ts';

/**
 * Runs cases with changed kernels or a host mutant, up to the first red one if that is asked for;
 * all is as before afterwards.
 */
export async function runMutantJob(
  gpu: Gpu,
  ieee: boolean,
  cases: ReadonlyMap<string, Case>,
  { kernels, cases: wanted, seed, untilRed, host, controls = false }: MutantMessage,
): Promise<MutantReply> {
  for (const { code } of kernels) {
    const invalid = await compileError(gpu, code);
    if (invalid !== undefined) return { type: 'mutant-done', outcomes: [], invalid };
  }
  const edits = kernels.map(({ file, ...text }) => gpu.recorder.pipelines.edit(file, text));
  const places = host === undefined ? undefined : mutantSwitch();
  const reachedBefore = places && takeReached(places);
  if (places) places.active = host ?? -1;
  try {
    const outcomes: CaseOutcome[] = [];
    const reached: (readonly number[])[] = [];
    for (const entry of wanted) {
      const declared = cases.get(keyOf(entry));
      if (!declared)
        throw new GradproofError('unknown-case', `no case is named ${entry.id} (${entry.backend})`);
      let { outcome } = await runCase(declared, gpu, { ieee, seed, control: false });
      if (controls && outcome.status === 'pass') {
        const control = await runCase(declared, gpu, { ieee, seed, control: true });
        const reply = { type: 'done', deviceLost: false, ...control } as const;
        outcome = withControl(outcome, declared.control.name, reply);
      }
      outcomes.push(outcome);
      if (places) reached.push(takeReached(places));
      if (gpu.lost || (untilRed && verdictOf(outcome) === 'wrong')) break;
    }
    return {
      type: 'mutant-done',
      outcomes,
      ...(reachedBefore ? { reached, reachedBefore } : {}),
    };
  } finally {
    if (places) places.active = -1;
    for (const edit of edits) edit[Symbol.dispose]();
    gpu.memory.trim(); // buffers of what broke are of odd sizes
  }
}

async function compileError({ device }: Gpu, code: string): Promise<string | undefined> {
  device.pushErrorScope('validation');
  device.createShaderModule({ code });
  return (await device.popErrorScope())?.message;
}
