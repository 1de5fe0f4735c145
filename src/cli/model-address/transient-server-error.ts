import { ModelServerError } from '../../formats/hugging-face/model-server-error.ts';

/** What may be otherwise when it is tried again: no connection, a server that is busy. */
export class TransientServerError extends ModelServerError {}
