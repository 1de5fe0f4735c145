import type { ServerResponse } from 'node:http';

/** Ends an answer with a text, or with none. */
export function answerText(response: ServerResponse, status: number, text = ''): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
