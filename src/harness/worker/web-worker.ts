import { loadCases } from '../registry.ts';
import { serveWebWorker } from './web-serve.ts';

serveWebWorker(loadCases);
