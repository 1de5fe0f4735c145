import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

/**
 * What servers of this process were asked since the set was last cleared, as method and path: real
 * ones alone, since what answers in the place of a server gets no request.
 */
export const askedEndpoints = new Set<string>();

subscribe('http.server.request.start', (message) => {
  const { method, url = '' } = (message as { readonly request: IncomingMessage }).request;
  askedEndpoints.add(`${method} ${url.split('?')[0]}`);
});
