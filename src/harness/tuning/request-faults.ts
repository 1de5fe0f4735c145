import { GradproofError, messageOf } from '../../errors.ts';
import { CheckpointError } from '../../formats/hugging-face/checkpoint-error.ts';
import { ConfigError } from '../../formats/hugging-face/config-error.ts';
import { DataFileError } from '../../formats/text-data/data-file-error.ts';
import { TrainingConfigError } from '../../train/llama/config/training-config-error.ts';

/** What a fine-tuning is made of. */
export type RequestPart = 'model' | 'settings' | 'adapter' | 'data';

/** What is wrong with a part, in one line that says what to do. */
export interface RequestFault {
  readonly part: RequestPart;
  readonly message: string;
  /** Where in the settings, as `lora.r`; absent where it is not one field. */
  readonly path?: string;
  /** Paths in the settings without which the fault is gone. Default its own. */
  readonly without?: readonly string[] | undefined;
}

/** What is wrong with a part, as it was found elsewhere. */
export class PartFaults extends GradproofError {
  readonly faults: readonly Omit<RequestFault, 'part'>[];

  constructor(faults: readonly Omit<RequestFault, 'part'>[]) {
    super('request-part', faults.map(({ message }) => message).join('; '));
    this.faults = faults;
  }
}

/** A line for each fault that an error tells. */
export function faultsOf(error: unknown): readonly Omit<RequestFault, 'part'>[] {
  if (error instanceof PartFaults) return error.faults;
  if (error instanceof CheckpointError) return error.faults.map(({ message }) => ({ message }));
  if (error instanceof TrainingConfigError)
    return error.faults.map(({ without, ...fault }) => ({ ...toldIn(fault), without }));
  if (error instanceof ConfigError) return error.faults.map(toldIn);
  if (error instanceof DataFileError && error.count > 1) {
    const told = error.faults.map(({ line, message }) => `line ${line}: ${message}`);
    const left = error.count - told.length;
    const lines = left > 0 ? [...told, `and ${left} more records cannot be read`] : told;
    return lines.map((message) => ({ message }));
  }
  return [{ message: messageOf(error) }];
}

interface PathFault {
  readonly path: string;
  readonly message: string;
  readonly suggestion: string;
}
const toldIn = ({ path, message, suggestion }: PathFault) => ({
  path,
  message: `${message}: ${suggestion}`,
});
