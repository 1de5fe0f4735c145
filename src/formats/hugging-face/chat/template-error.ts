import { GradproofError } from '../../../errors.ts';

/** A chat template that cannot be read, or that refuses or garbles a chat: one line says why. */
export class TemplateError extends GradproofError {
  constructor(
    code: 'template-missing' | 'template-broken' | 'template-refuses' | 'template-no-prefix',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}
