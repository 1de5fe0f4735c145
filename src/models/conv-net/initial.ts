import type { Random } from '../../tensor/random.ts';
import { type Initial, initialLinear, initialNorm } from '../initial.ts';
import type { ConvNetConfig } from './config.ts';

/** Parameters by their names in the state dict, as torch starts convolutions, norms and linears. */
export function initialConvNet(
  { channels: [from, first, second], classes }: ConvNetConfig,
  random: Random,
): Initial {
  return [
    ...initialLinear('conv1', [first, from, 3, 3], random, false),
    ...initialNorm('bn1', first, true),
    ...initialLinear('conv2', [second, first, 3, 3], random, false),
    ...initialNorm('bn2', second, true),
    ...initialLinear('fc', [classes, second], random),
  ];
}
