import { loadCases } from '../registry.ts';
import { startWebWorker } from '../worker/web-link.ts';
import { serveHeadless } from './serve.ts';

serveHeadless(loadCases, startWebWorker);
