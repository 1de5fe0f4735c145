import { RUN_OPTIONS } from '../../harness/run-options.ts';
import { defineCommand } from '../command.ts';
import { REPORT, REPORT_FILES } from '../report-options.ts';
import { runtimeOption } from '../runtime-option.ts';
import type { MatrixCommand } from './matrix.ts';

export const command = defineCommand<MatrixCommand>({
  name: 'matrix',
  order: 9,
  description: 'execute every quantizer on every backend in every direction, each cell judged',
  options: {
    methods: {
      name: 'methods',
      argument: 'glob',
      description:
        'only methods whose name matches, such as mlx or quanto_*; several are or-ed, a leading ! excludes',
      parse: (texts) => texts,
    },
    backends: {
      name: 'backends',
      argument: 'glob',
      description:
        'only columns whose name matches, such as webgpu-* or recorded-*; several are or-ed, a leading ! excludes',
      parse: (texts) => texts,
    },
    bridge: {
      name: 'bridge',
      description: 'start the Python bridge, whose devices are columns too',
      parse: () => true,
    },
    runtime: runtimeOption('where it computes (default chromium; node has no ONNX Runtime)'),
    seed: RUN_OPTIONS.seed,
    report: REPORT,
    csv: REPORT_FILES.csv,
  },
  run: async (given) => (await import('./matrix.ts')).matrixCommand(given),
});
