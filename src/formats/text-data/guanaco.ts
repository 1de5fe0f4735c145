import type { Part } from './lesson.ts';

const HUMAN = '### Human:';
const TURN = /(### (?:Human|Assistant):)/;

/**
 * The parts of a chat as Guanaco's data have it, `### Human: ... ### Assistant: ...`: what follows
 * `### Assistant:` is asked. Undefined for a text that does not begin so, or has no answer.
 */
export function guanacoTurns(text: string): readonly Part[] | undefined {
  const whole = text.trim();
  if (!whole.startsWith(HUMAN)) return undefined;
  const pieces = whole.split(TURN);
  const parts: Part[] = [];
  for (let i = 1; i < pieces.length; i += 2) {
    const name = pieces[i] as string;
    const said = pieces[i + 1] as string;
    const answers = name !== HUMAN;
    parts.push({ text: name, asked: false }, { text: said, asked: answers });
  }
  return parts.some((part) => part.asked && part.text.trim() !== '') ? parts : undefined;
}

/** The chats of a text file: one begins where `### Human:` stands after an empty line. */
export const guanacoChats = (text: string): readonly { line: number; text: string }[] => {
  let line = 1;
  return text.split(/(?<=\n[ \t]*\r?\n)(?=### Human:)/).flatMap((chat) => {
    const from = line;
    line += chat.split('\n').length - 1;
    return chat.trim() === '' ? [] : [{ line: from, text: chat }];
  });
};
