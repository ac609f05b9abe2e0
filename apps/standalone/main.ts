// `npm start`: the whole product in this process.
import { runProcess } from '@trunkline/platform/process';
import { startStandalone } from './src/start-standalone.js';
import { welcome } from './src/welcome.js';

runProcess({
  name: 'trunkline',
  command: 'npm start --',
  start: async (base) => {
    const { ready, hurry } = await startStandalone(base);
    return { ready: { json: ready, text: welcome(ready, base.config.dataDir) }, hurry };
  },
});
