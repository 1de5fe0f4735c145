import { counted } from '../report/counted.ts';
import type { OutputFile } from '../train/adapter-files.ts';
import { PROFILE_FILE } from '../train/step-profile.ts';
import { writeOutput } from './files.ts';
import type { Voice } from './output/voice.ts';

/** Writes the trace that a training left to `path`, if it left one, and returns the other files. */
export function takeProfile(
  path: string | undefined,
  files: readonly OutputFile[],
  voice: Pick<Voice, 'say'>,
): readonly OutputFile[] {
  const trace = files.find(({ name }) => name === PROFILE_FILE);
  if (trace && path) {
    const { otherData } = JSON.parse(new TextDecoder().decode(trace.data));
    const { dispatches, steps } = otherData as { dispatches: number; steps: number };
    writeOutput('--profile', path, trace.data);
    voice.say(
      `In ${path}: ${counted(dispatches, 'dispatch', 'dispatches')} of ${counted(steps, 'step')}, for https://ui.perfetto.dev`,
    );
  }
  return files.filter((file) => file !== trace);
}
