import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { TextCodec } from '../../formats/hugging-face/tokenizer.ts';
import type { EncodedText } from '../../formats/text-data/encode.ts';
import type { RunPlan } from '../../train/llama/run-plan.ts';

/** So many are offered, and so many words of a text are a beginning. */
const MOST = 3;
const WORDS = 4;

/** A longer one fills a small model's context, and no field. */
const MOST_CHARACTERS = 400;

/** A text that may be a chat. */
type Text = LabelledTokens & Pick<EncodedText, 'question'>;

/**
 * Beginnings for a model to write on, of texts that it does not learn: what stands before the first
 * token that is asked, as in an instruction, and else the first words. Where it is asked by chats,
 * the questions of these.
 */
export function beginningsOf(
  { heldout, training }: Pick<RunPlan<Text>, 'heldout' | 'training'>,
  codec: Pick<TextCodec, 'decode' | 'bos'>,
  isChat: boolean,
): readonly string[] {
  const found = new Set<string>();
  for (const text of [...heldout, ...training]) {
    const beginning = isChat ? (text.question ?? '') : beginningOf(text, codec);
    if (beginning !== '' && beginning.length <= MOST_CHARACTERS) found.add(beginning);
    if (found.size === MOST) break;
  }
  return [...found];
}

function beginningOf(
  { ids, asked }: LabelledTokens,
  { decode, bos }: Pick<TextCodec, 'decode' | 'bos'>,
): string {
  const first = asked.indexOf(true, 1);
  const from = ids[0] === bos ? 1 : 0;
  if (first > from + 1) return decode(ids.slice(from, first));
  return decode(ids.slice(from), { specials: false }).trim().split(/\s+/).slice(0, WORDS).join(' ');
}
