import type { MutationListener } from '../../harness/mutation/mutate.ts';
import { counted } from '../../report/counted.ts';
import type { Report } from '../../report/schema.ts';
import { paint, type Voice } from './voice.ts';

/** Lines between two words on the progress where no terminal redraws it. */
const MUTANTS_A_LINE = 25;
/** Words on the suite without a mutant there, however many parts it has. */
const BASELINE_LINES = 10;

/** Shows a mutation run while it goes on: what survives, and how far it is. */
export function showMutation(voice: Voice): MutationListener {
  let open = false;
  const say = (line: string) => {
    if (open) voice.write('\r\x1b[K');
    open = false;
    voice.say(line);
  };
  const progress = (line: string, isDue: boolean) => {
    if (!voice.live) return isDue ? voice.say(line) : undefined;
    voice.write(`\r\x1b[K${line.slice(0, voice.columns() - 1)}`);
    open = true;
  };
  return (event) => {
    const { done, total } = event;
    if (event.type === 'baseline')
      return progress(
        `the suite without a mutant: ${done} of ${counted(total, 'part')}`,
        done === 1 || done === total || done % Math.ceil(total / BASELINE_LINES) === 0,
      );
    const { id, status, error } = event.result;
    if (status === 'fail')
      say(`${paint(voice, 'red', error?.code ?? status)}  ${id}\n          ${error?.message}`);
    progress(
      `${done} of ${counted(total, 'mutant')}, about ${Math.ceil(event.remainingMs / 1000)} s left`,
      done % MUTANTS_A_LINE === 0,
    );
    if (done === total && open) say(counted(done, 'mutant'));
  };
}

/** One line with the counts and the rate: killed / (killed + survived). */
export function showKillRate(voice: Voice, { results, run }: Report): void {
  const skipped = (code: string) => results.filter(({ skip }) => skip?.code === code).length;
  const [killed, survived] = ['pass', 'fail'].map(
    (status) => results.filter((result) => result.status === status).length,
  ) as [number, number];
  if (!run.complete)
    voice.say(paint(voice, 'yellow', 'Interrupted: the same command goes on from here.'));
  const unreachable = skipped('missing-feature');
  if (unreachable > 0)
    voice.say(
      `${counted(unreachable, 'mutant is', 'mutants are')} in kernels that need features which this adapter lacks: nothing is said of them here.`,
    );
  if (killed + survived === 0) {
    voice.say('Nothing was proved: no mutant ran to its end.');
    return;
  }
  const equivalent = skipped('equivalent');
  const share = ((100 * equivalent) / (killed + survived + equivalent)).toFixed(1);
  const counts = `${killed} killed, ${survived} survived, ${equivalent} equivalent (${share} % of the valid), ${skipped('invalid')} invalid`;
  const rate = `killRate ${(killed / (killed + survived)).toFixed(4)}`;
  voice.say(
    paint(
      voice,
      survived === 0 ? 'green' : 'red',
      `${counts}: ${rate} in ${(run.durationMs / 1000).toFixed(1)} s`,
    ),
  );
}
