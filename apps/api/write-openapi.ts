// `npm run openapi`: writes docs/openapi.json from the routes, for the dashboard's client and for readers of a change.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describedApi } from './src/index.js';

await writeFile(join(import.meta.dirname, '../../docs/openapi.json'), await describedApi());
