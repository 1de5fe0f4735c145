/** Whether a file or folder of the page's own storage is not there, or not any more. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'NotFoundError';
