import { invariant } from '../../../errors.ts';
import { isJsonObject, type JsonObject } from '../../../formats/strict-json.ts';
import { trainingConfigOf } from './read-training-config.ts';
import { TrainingConfigError, type TrainingConfigFault } from './training-config-error.ts';

/**
 * The settings without what is wrong with them, which has its default then, until nothing is: a
 * value that is left out may be needed by another one. `more` are paths of what else is wrong.
 */
export function repairedConfig(given: JsonObject, more: readonly string[] = []): JsonObject {
  for (let settings = more.reduce(withoutPath, given); ; ) {
    const faults = faultsOf(settings);
    if (faults.length === 0) return settings;
    const left = faults.flatMap(pathsOf).reduce(withoutPath, settings);
    invariant(
      JSON.stringify(left) !== JSON.stringify(settings),
      () => `${faults.map(({ code }) => code).join(', ')}: nothing could be left out`,
    );
    settings = left;
  }
}

const pathsOf = ({ path, without = [path] }: TrainingConfigFault): readonly string[] => without;

function faultsOf(settings: JsonObject): readonly TrainingConfigFault[] {
  try {
    trainingConfigOf(settings);
    return [];
  } catch (error) {
    if (error instanceof TrainingConfigError) return error.faults;
    throw error;
  }
}

/** The object without the value at a path such as `lora.r`. */
function withoutPath(object: JsonObject, path: string): JsonObject {
  // Of another object a name may have dots itself.
  const [outer = '', ...inner] = Object.hasOwn(object, path) ? [path] : path.split('.');
  const { [outer]: part, ...rest } = object;
  if (inner.length === 0 || !isJsonObject(part)) return rest;
  return { ...rest, [outer]: withoutPath(part, inner.join('.')) };
}
