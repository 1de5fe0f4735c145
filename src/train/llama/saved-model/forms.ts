import type { FileType } from '../../../formats/gguf/model-fields.ts';
import type { SavedDType } from '../../../formats/hugging-face/saved-folder.ts';

/** How a tuned model is saved: as a folder of transformers, or as a GGUF file. */
export type ModelForm =
  | { readonly kind: 'folder'; readonly dtype?: SavedDType }
  | { readonly kind: 'gguf'; readonly type: FileType };

/** Forms by their names; a folder without a type has that of the base's floats. */
export const MODEL_FORMS = {
  merged: { kind: 'folder' },
  'merged-float32': { kind: 'folder', dtype: 'float32' },
  'merged-float16': { kind: 'folder', dtype: 'float16' },
  'merged-bfloat16': { kind: 'folder', dtype: 'bfloat16' },
  'gguf-f16': { kind: 'gguf', type: 'f16' },
  'gguf-q8_0': { kind: 'gguf', type: 'q8_0' },
} as const satisfies Readonly<Record<string, ModelForm>>;

export type ModelFormName = keyof typeof MODEL_FORMS;
export const MODEL_FORM_NAMES = Object.keys(MODEL_FORMS) as readonly ModelFormName[];

/** What a GGUF file is called beside a run. */
export const ggufName = (type: FileType): string => `model-${type}.gguf`;
