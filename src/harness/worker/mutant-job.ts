import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { keyOf } from '../../report/case-key.ts';
import { verdictOf } from '../../report/verdict.ts';
import type { Case } from '../../testing/suite.ts';
import type { CaseOutcome, MutantMessage, MutantReply } from './messages.ts';
import { runCase } from './run-case.ts';

/**
 * Runs cases with changed kernels, up to the first red one if that is asked for; the kernels are as
 * before afterwards.
 */
export async function runMutantJob(
  gpu: Gpu,
  ieee: boolean,
  cases: ReadonlyMap<string, Case>,
  { kernels, cases: wanted, seed, untilRed }: MutantMessage,
): Promise<MutantReply> {
  for (const { code } of kernels) {
    const invalid = await compileError(gpu, code);
    if (invalid !== undefined) return { type: 'mutant-done', outcomes: [], invalid };
  }
  const edits = kernels.map(({ file, ...text }) => gpu.recorder.pipelines.edit(file, text));
  try {
    const outcomes: CaseOutcome[] = [];
    for (const entry of wanted) {
      const declared = cases.get(keyOf(entry));
      if (!declared)
        throw new GradproofError('unknown-case', `no case is named ${entry.id} (${entry.backend})`);
      const { outcome } = await runCase(declared, gpu, { ieee, seed, control: false });
      outcomes.push(outcome);
      if (gpu.lost || (untilRed && verdictOf(outcome) === 'wrong')) break;
    }
    return { type: 'mutant-done', outcomes };
  } finally {
    for (const edit of edits) edit[Symbol.dispose]();
    gpu.memory.trim(); // buffers of what broke are of odd sizes
  }
}

async function compileError({ device }: Gpu, code: string): Promise<string | undefined> {
  device.pushErrorScope('validation');
  device.createShaderModule({ code });
  return (await device.popErrorScope())?.message;
}
