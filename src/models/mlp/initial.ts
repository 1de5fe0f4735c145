import type { Random } from '../../tensor/random.ts';
import { type Initial, initialLinear } from '../initial.ts';
import type { MlpConfig } from './config.ts';

/** Parameters by their names in the state dict, as torch starts linears. */
export function initialMlp({ inFeatures, hidden, classes }: MlpConfig, random: Random): Initial {
  return [
    ...initialLinear('fc1', [hidden, inFeatures], random),
    ...initialLinear('fc2', [hidden, hidden], random),
    ...initialLinear('fc3', [classes, hidden], random),
  ];
}
