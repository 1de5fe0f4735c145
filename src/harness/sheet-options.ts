import { DEFAULT_SETUP, MOST, OPTIMIZERS, type Setup } from '../sheet/setup.ts';
import { OptionError, type OptionTable, wholeNumber } from './option.ts';

/** What a person may ask of the model sheet, on the command line and in the page's address. */
export interface SheetOptions extends Setup {
  /** Bytes of the graphics chip. */
  readonly memory: number;
}

/** More than any graphics chip has, in GB. */
const MOST_MEMORY = 10_000;

/** Every option of the sheet with its description. */
export const SHEET_OPTIONS: OptionTable<SheetOptions> = {
  method: {
    name: 'method',
    argument: 'name',
    description: `how the weights are quantized, by a method of quantize (default ${DEFAULT_SETUP.method})`,
    parse: (texts) => texts.at(-1) ?? '',
  },
  quantZero: flag('quant-zero', 'its zeros are codes of 8 bits in turn, of a method that has them'),
  quantScale: flag('quant-scale', 'its scales likewise'),
  rank: number('rank', 'of the LoRA adapters'),
  expansion: {
    name: 'expansion',
    argument: 'share',
    description:
      'of the blocks that are added and trained in place of adapters, as LLaMA-Pro does (default 0)',
    parse: (texts) => {
      const text = texts.at(-1) ?? '';
      const share = /^\d([.,]\d{1,9})?$/.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
      if (share <= 1) return share;
      throw new OptionError(`--expansion ${text}: must be a share from 0 to 1, such as 0.1`);
    },
  },
  context: number('context', 'tokens of an example'),
  batch: number('batch', 'examples of a step'),
  optimizer: {
    name: 'optimizer',
    argument: OPTIMIZERS.join('|'),
    description: `moments in 32 bits or in 8 (default ${DEFAULT_SETUP.optimizer})`,
    parse: (texts) => {
      const text = texts.at(-1) ?? '';
      const optimizer = OPTIMIZERS.find((name) => name === text);
      if (!optimizer)
        throw new OptionError(`--optimizer ${text}: must be ${OPTIMIZERS.join(' or ')}`);
      return optimizer;
    },
  },
  checkpointing: {
    name: 'checkpointing',
    argument: 'on|off',
    description: 'whether blocks are computed again in place of being kept (default on)',
    parse: (texts) => {
      const text = texts.at(-1) ?? '';
      if (text !== 'on' && text !== 'off')
        throw new OptionError(`--checkpointing ${text}: must be on or off`);
      return text === 'on';
    },
  },
  examples: number('examples', 'how many the time is told for'),
  memory: {
    name: 'memory',
    argument: 'GiB',
    description: "the graphics chip's memory (default: the computer's main memory)",
    parse: (texts) => {
      const text = texts.at(-1) ?? '';
      const gigabytes = /^\d{1,5}([.,]\d{1,3})?$/.test(text)
        ? Number(text.replace(',', '.'))
        : Number.NaN;
      if (gigabytes > 0 && gigabytes <= MOST_MEMORY) return gigabytes * 2 ** 30;
      throw new OptionError(`--memory ${text}: must be a number of GiB, such as 8 or 24`);
    },
  },
};

function flag(name: string, description: string) {
  return { name, description, parse: () => true };
}

function number(name: keyof typeof MOST, what: string) {
  return {
    name,
    argument: 'n',
    description: `${what} (default ${DEFAULT_SETUP[name]})`,
    parse: (texts: readonly string[]) =>
      wholeNumber(`--${name}`, texts.at(-1) ?? '', 1, MOST[name]),
  };
}
