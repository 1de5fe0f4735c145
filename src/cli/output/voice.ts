import { styleText } from 'node:util';

/** Where words for people go: stdout, or stderr when stdout carries a report. */
export interface Voice {
  /** A line for people. */
  readonly say: (line: string) => void;
  /** Text without a line end, as it is. */
  readonly write: (text: string) => void;
  /** Whether a terminal shows it, so that lines may be redrawn. */
  readonly live: boolean;
  /** Columns of the terminal. */
  readonly columns: () => number;
}

/** The voice on one of the process's streams. */
export function voiceOn(stream: NodeJS.WriteStream): Voice {
  return {
    say: (line) => void stream.write(`${line}\n`),
    write: (text) => void stream.write(text),
    live: stream.isTTY === true && process.env['CI'] !== 'true',
    columns: () => stream.columns ?? 80,
  };
}

type Paint = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** Colours text where a terminal shows it and the person wants colours. */
export function paint(voice: Voice, colour: Paint, text: string): string {
  return voice.live && !process.env['NO_COLOR']
    ? styleText(colour, text, { validateStream: false })
    : text;
}
