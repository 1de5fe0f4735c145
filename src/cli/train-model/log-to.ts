import { LogStream } from '../../harness/tuning/log-stream.ts';
import { sinkRunOf } from '../../harness/tuning/sink-run.ts';
import type { TuningRequest } from '../../harness/tuning.ts';
import { counted } from '../../report/counted.ts';
import { sayBetween, type Voice } from '../output/voice.ts';

/** A stream to the sink that a person named, and what is said of it. */
export function streamTo(
  sink: string,
  request: TuningRequest,
  { log, voice }: { readonly log: string; readonly voice: Voice },
): Pick<LogStream, 'add'> & { readonly end: (exitCode: number) => Promise<void> } {
  const run = sinkRunOf(request);
  const stream = new LogStream({
    ...{ base: sink, run },
    onLost: (why) =>
      sayBetween(voice)(
        `--log-to ${sink}: ${why}: the run goes on, what is missing is sent later, and ${log} has all of it`,
      ),
  });
  return {
    add: (row) => stream.add(row),
    end: async (exitCode) => {
      const { rows, sent } = await stream.end(exitCode);
      voice.say(
        sent === rows
          ? `At ${sink}: run ${run.id}, ${counted(rows, 'line')} of the log`
          : `${counted(rows - sent, 'line')} of the log were not sent: ${log} has all ${rows}`,
      );
    },
  };
}
