import { OptionError } from '../../harness/option.ts';
import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { ACTIVATION_TYPES } from '../../vocabulary/quant/quanto_activation.ts';
import { defineCommand } from '../command.ts';
import { lastPath } from '../path-option.ts';
import { REPORT, REPORT_FILES } from '../report-options.ts';
import { runtimeOption } from '../runtime-option.ts';
import type { QuantizeOptions } from './quantize.ts';

const AXES = [0, 1, -1] as const;

export const command = defineCommand<QuantizeOptions>({
  name: 'quantize',
  order: 8,
  description: 'say what each quantizer costs your weights in error, bytes and time, and save one',
  options: {
    data: {
      name: 'data',
      argument: 'file',
      description: 'a safetensors file with the weights (default: drawn ones with outliers)',
      parse: lastPath('--data'),
    },
    methods: {
      name: 'methods',
      argument: 'glob',
      description:
        'only methods whose name matches, such as mlx or quanto_*; several are or-ed, a leading ! excludes',
      parse: (texts) => texts,
    },
    each: {
      name: 'each',
      description:
        'all bits, groups and activations of each method, and all ways to keep its zeros and scales, not only what is usual of it',
      parse: () => true,
    },
    method: {
      name: 'method',
      argument: 'name',
      description: 'this method alone, which --out then saves',
      parse: (texts) => texts.at(-1) ?? '',
    },
    bits: {
      name: 'bits',
      argument: 'n',
      description: 'its bits (default: as is usual of the method)',
      parse: (texts) => bitsIn(texts.at(-1) ?? ''),
    },
    group: {
      name: 'group',
      argument: 'n|channel|tensor',
      description: 'elements that share a scale (default: as is usual of the method)',
      parse: (texts) => {
        const text = texts.at(-1) ?? '';
        return text === 'channel' || text === 'tensor'
          ? text
          : numberIn('--group', text, ', channel or tensor');
      },
    },
    axis: {
      name: 'axis',
      argument: '0|1|-1',
      description:
        'the axis along which groups differ, of a method that has a choice (default: as is usual of it)',
      parse: (texts) => {
        const text = texts.at(-1) ?? '';
        const axis = AXES.find((one) => text === `${one}`);
        if (axis === undefined) throw new OptionError(`--axis ${text}: must be 0, 1 or -1`);
        return axis;
      },
    },
    activations: {
      name: 'activations',
      argument: 'type',
      description: `what its products round x to: ${ACTIVATION_TYPES.join(', ')} (default: nothing)`,
      parse: (texts) => {
        const text = texts.at(-1) ?? '';
        const type = ACTIVATION_TYPES.find((one) => one === text);
        if (type === undefined)
          throw new OptionError(`--activations ${text}: must be ${ACTIVATION_TYPES.join(' or ')}`);
        return type;
      },
    },
    quantZero: {
      name: 'quant-zero',
      description: 'its zeros as codes of 8 bits in turn, of a method that has them',
      parse: () => true,
    },
    quantScale: {
      name: 'quant-scale',
      description: 'its scales likewise',
      parse: () => true,
    },
    out: {
      name: 'out',
      argument: 'file',
      description: "save the weights in the method's own layout as safetensors, with --method",
      parse: lastPath('--out'),
    },
    runtime: runtimeOption('where it computes (default node)'),
    seed: RUN_OPTIONS.seed,
    report: REPORT,
    csv: REPORT_FILES.csv,
    svg: {
      name: 'svg',
      argument: 'file',
      description: 'write the plot of errors over bits to this file',
      parse: lastPath('--svg'),
    },
  },
  run: async (given) => (await import('./quantize.ts')).quantizeCommand(given),
});

function bitsIn(text: string): number {
  if (/^\d{1,2}(\.\d{1,2})?$/.test(text)) return Number(text);
  throw new OptionError(`--bits ${text}: must be a number, such as 4 or 1.6`);
}

function numberIn(option: string, text: string, others = ''): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new OptionError(`${option} ${text}: must be a whole number${others}`);
}
