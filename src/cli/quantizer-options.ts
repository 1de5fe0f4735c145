import { QuantizerError } from '../quantizer/quantizer-error.ts';
import { UsageError } from './exit.ts';

/** The options of the command line, by the library's names for what they choose. */
const OPTIONS: Readonly<Record<string, string>> = {
  bits: '--bits',
  groupSize: '--group',
  axis: '--axis',
  activations: '--activations',
  quantZero: '--quant-zero',
  quantScale: '--quant-scale',
};

/** What a method is chosen by. Throws UsageError that names the options of what it does not have. */
export function chosenByOptions<T>(choose: () => T): T {
  try {
    return choose();
  } catch (error) {
    if (!(error instanceof QuantizerError)) throw error;
    throw new UsageError(error.message.replace(/\w+/g, (word) => OPTIONS[word] ?? word));
  }
}
