import { resolve } from 'node:path';
import { isAddress } from '../../formats/hugging-face/model-address.ts';
import type { TrainOptions } from '../commands/train.ts';
import { UsageFaults } from '../exit.ts';
import { readInput } from '../files.ts';
import { type Begun, keptSettings, readRunFile } from './run-file.ts';

/** A run to go on with. */
export interface Resumed extends Pick<Begun, 'model' | 'base' | 'tuning'> {
  readonly options: Partial<TrainOptions>;
}

/**
 * What the run in `folder` was begun with, as options; of those that are given beside, what may
 * differ: when checkpoints are made and how many stay, and the workers: with others the sums have
 * another order, and so other bits. Throws UsageFaults, a line for each option that differs, and
 * UsageError where there is no run to go on with.
 */
export function resumedOptions(folder: string, given: Partial<TrainOptions>): Resumed {
  const begun = readRunFile(folder);
  const config = keptSettings(folder);
  const faults = [...differing(folder, begun, given), ...settingsFault(config, given.config)];
  if (faults.length > 0) throw new UsageFaults(faults);
  const { model, base, tuning, sharding, ...same } = begun;
  // One worker by itself shares nothing.
  const isShared = sharding !== undefined && given.workers !== 1;
  return {
    ...{ model, base },
    ...(tuning === undefined ? {} : { tuning }),
    options: {
      ...{ ...same, ...(isShared ? { sharding } : {}), ...given },
      ...(config === undefined ? {} : { config }),
      out: folder,
    },
  };
}

const PATHS: readonly string[] = ['model', 'data', 'adapter', 'out'];

function differing(folder: string, begun: Begun, given: Partial<TrainOptions>): readonly string[] {
  const faults: string[] = [];
  const all = { runtime: 'node', ...begun, out: folder };
  for (const name of [
    'model',
    'data',
    'adapter',
    'type',
    'steps',
    'seed',
    'save',
    'runtime',
    'out',
  ] as const) {
    const [was, now] = [all[name], given[name]].map((value) =>
      typeof value === 'string' && PATHS.includes(name) && !isAddress(value)
        ? resolve(value)
        : value,
    );
    if (now !== undefined && now !== was)
      faults.push(
        `--${name} ${given[name]}: the run of ${folder} was begun with ${was ?? 'none'}: leave it out, or begin another run`,
      );
  }
  if (given.tuning !== undefined)
    faults.push(
      `--tuning ${given.tuning}: the run of ${folder} goes on by the table that it was begun with: leave it out`,
    );
  return faults;
}

function settingsFault(kept: string | undefined, given: string | undefined): readonly string[] {
  if (given === undefined) return [];
  const isSame =
    kept !== undefined &&
    Buffer.compare(readInput('--config', kept), readInput('--config', given)) === 0;
  return isSame
    ? []
    : [
        `--config ${given}: the run was begun with other settings: leave it out, or begin another run`,
      ];
}
