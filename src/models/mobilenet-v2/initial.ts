import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { type Initial, initialLinear, initialNorm } from '../initial.ts';
import { blocksOf, type ConvLayer, type MobileNetV2Config } from './config.ts';

/** Parameters by their names in torchvision's state dict. */
export function initialMobileNetV2(config: MobileNetV2Config, random: Random): Initial {
  const layers = blocksOf(config).flatMap((block) => block.layers);
  const { to: features } = layers.at(-1) as ConvLayer;
  return [
    ...initialConvLayers(layers, random),
    ...initialLinear('classifier.1', [config.classes, features], random),
  ];
}

/**
 * Convolutions uniform with the variance 2 / (outputs * taps), as He et al. have it, and
 * normalizations that change nothing.
 */
function initialConvLayers(layers: readonly ConvLayer[], random: Random): Initial {
  return layers.flatMap(({ name, norm, from, to, kernel, groups }): Initial => {
    const shape = [to, from / groups, kernel, kernel];
    const reach = Math.sqrt(6 / (to * kernel * kernel));
    const data = random.fill(sizeOf(shape), () => random.uniform(-reach, reach));
    return [[`${name}.weight`, hostTensorFrom('f32', shape, data)], ...initialNorm(norm, to, true)];
  });
}
