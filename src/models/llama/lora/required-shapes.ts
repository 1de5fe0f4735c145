import type { HostTensor } from '../../../tensor/host.ts';
import { formatShape, type Shape, sameShape } from '../../../tensor/shape.ts';
import { AdapterError } from './adapter-error.ts';
import { retrainedOf } from './retrained.ts';

/**
 * Throws {@link AdapterError} `adapter-file` where values to go on from are not those that are
 * trained; `holder` is what has them.
 */
export function requireShapes(
  shapes: ReadonlyMap<string, Shape>,
  values: ReadonlyMap<string, HostTensor>,
  holder: string,
): void {
  for (const [name, shape] of shapes) {
    const value = values.get(name);
    if (!value)
      throw new AdapterError(
        'adapter-file',
        `${holder} lacks ${told(name)}: its config asks for it`,
      );
    if (!sameShape(value.shape, shape))
      throw new AdapterError(
        'adapter-file',
        `${told(name)} is ${formatShape(value.shape)} and should be ${formatShape(shape)} by its config`,
      );
  }
  for (const name of values.keys())
    if (!shapes.has(name))
      throw new AdapterError(
        'adapter-file',
        `${holder} has ${told(name)}, which its config does not ask for`,
      );
}

/** A trained copy goes by the name of its tensor in an adapter's file. */
const told = (name: string): string => retrainedOf(name) ?? name;
