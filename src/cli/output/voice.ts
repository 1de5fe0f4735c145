import { styleText } from 'node:util';
import { plainText } from '../../report/plain-text.ts';
import { inWorkflow } from './workflow.ts';

/** Where words for people go: stdout, or stderr when stdout carries a report. */
export interface Voice {
  /** A line for people. */
  readonly say: (line: string) => void;
  /** Text without a line end, as it is. */
  readonly write: (text: string) => void;
  /** The lines until `closeGroup` belong below this one, and are folded where that can be. */
  readonly openGroup: (title: string) => void;
  readonly closeGroup: () => void;
  /** Whether a terminal shows it, so that lines may be redrawn. */
  readonly live: boolean;
  /** Columns of the terminal; where there is none, as COLUMNS says, or 80. */
  readonly columns: () => number;
}

/** The voice on one of the process's streams. */
export function voiceOn(stream: NodeJS.WriteStream): Voice {
  const say = (line: string) => void stream.write(`${line}\n`);
  const folds = inWorkflow();
  return {
    say,
    write: (text) => void stream.write(text),
    openGroup: (title) => say(folds ? `::group::${plainText(title)}` : title),
    closeGroup: () => {
      if (folds) say('::endgroup::');
    },
    live: stream.isTTY === true && process.env['CI'] !== 'true',
    columns: () => stream.columns ?? (Number(process.env['COLUMNS']) || 80),
  };
}

/** A way to say a line for people while a terminal redraws the last one. */
export const sayBetween =
  ({ live, write, say }: Voice) =>
  (line: string): void => {
    if (live) write('\n');
    say(line);
  };

type Paint = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** Colours text where a terminal shows it and the person wants colours. */
export function paint(voice: Voice, colour: Paint, text: string): string {
  return voice.live && !process.env['NO_COLOR']
    ? styleText(colour, text, { validateStream: false })
    : text;
}
